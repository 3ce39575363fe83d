"""How fast manifests are read and validated: ``python -m benchmarks.load_validate [COUNT]``."""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.generate import write
from fmctl.kinds import KINDS
from fmctl.load import load
from fmctl.validate import validate


def leaves(value: Any) -> int:
    """The scalars in a value."""
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 1 if items is None else sum(map(leaves, items))


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as directory:
        write(count, Path(directory))
        sizes = [path.stat().st_size for path in Path(directory).iterdir()]
        start = perf_counter()
        documents = load([directory])
        loaded = perf_counter()
        resources = validate(documents, KINDS)
        validated = perf_counter()
    median = statistics.median(map(leaves, (document.value for document in documents)))
    print(f"{len(resources)} manifests, median {median:.0f} leaves, {statistics.median(sizes):.0f} bytes")
    for stage, seconds in (("load", loaded - start), ("validate", validated - loaded)):
        print(f"{stage:9}{seconds:6.2f} s {count / seconds:8,.0f} documents/s")


if __name__ == "__main__":
    main()
