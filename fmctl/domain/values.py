"""Values in one spelling: durations, object storage addresses, memory sizes, paths as users read them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from fmctl.domain.resource import Path

DURATION = r"^[1-9][0-9]*(s|m|h|d)$"
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_VIRTUAL_HOST = re.compile(r"^https?://([^./]+)\.obs[.-][^/]+/?(.*)$")


def seconds(duration: str) -> int:
    """``90m`` as 5400."""
    return int(duration[:-1]) * _UNITS[duration[-1]]


_SECRET_WORDS = frozenset({"PASSWORD", "PASSWD", "SECRET", "TOKEN", "CREDENTIAL", "CREDENTIALS"})
_SECRET_ENDS = ("ACCESS_KEY", "PRIVATE_KEY", "API_KEY")


def is_secret_name(key: str) -> bool:
    """Whether a variable of this name holds a secret, as far as its name tells."""
    name = key.upper().replace("-", "_")
    return name.endswith(_SECRET_ENDS) or not _SECRET_WORDS.isdisjoint(name.split("_"))


def is_remote(address: str) -> bool:
    """Whether an address names object storage rather than a local folder."""
    return address.startswith("obs://")


def address(url: str) -> str:
    """Any spelling that ModelArts uses (``obs://b/k``, ``/b/k``, ``https://b.obs.region.domain/k``) as ``obs://b/k``.

    A trailing slash, which tells a folder, is kept; doubled slashes at the end are one.
    """
    host = _VIRTUAL_HOST.match(url)
    path = f"{host[1]}/{host[2]}" if host else url.removeprefix("obs:").lstrip("/")
    return "obs://" + (path.rstrip("/") + "/" if path.endswith("/") else path)


def folder(url: str) -> str:
    """The address of a folder, with exactly one slash at its end."""
    return address(url).rstrip("/") + "/"


def join(url: str, path: str) -> str:
    """``path`` below the folder ``url``; an empty path is the folder itself."""
    return folder(url) + path.lstrip("/")


def wire(url: str) -> str:
    """``obs://bucket/key`` as the training API writes it: ``/bucket/key``."""
    return "/" + address(url).removeprefix("obs://")


def megabytes(memory: str) -> int:
    """``32Gi`` or ``512Mi`` in MB, as ``custom_spec.memory`` counts (serving API, create service)."""
    return int(memory[:-2]) * (1024 if memory.endswith("Gi") else 1)


def dotted(path: Path) -> str:
    """``("spec", "models", 0, "weight")`` as ``spec.models[0].weight``."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.lstrip(".")


def moment(milliseconds: int) -> str:
    """A time of the API as ISO 8601 in UTC, to the second."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def span(seconds_: float) -> str:
    """A length of time in two units at most: ``41h 3m``, ``12s``."""
    left = int(seconds_)
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts[:2]) or "0s"


def agrees(live: Any, desired: Any) -> bool:
    """Whether ``live`` has everything that ``desired`` says; what only ``live`` has does not count.

    None in ``desired`` means "not there".
    """
    if isinstance(desired, Mapping):
        return isinstance(live, Mapping) and all(agrees(live.get(key), value) for key, value in desired.items())
    if isinstance(desired, (list, tuple)):
        same_length = isinstance(live, (list, tuple)) and len(live) == len(desired)
        return same_length and all(map(agrees, live, desired))
    return bool(live == desired)


def flow(value: Any) -> str:
    """A value as one writes it in YAML on one line: ``{name: data_url, from: ./data}``."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(flow, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return '""' if value == "" else str(value)
