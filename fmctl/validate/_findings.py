"""What is wrong with one value, before it is known where it stands; and which findings tell the same mistake."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from fmctl.domain.resource import Path
from fmctl.validate import _rules as rules

_ABOUT_KEYS: Final = (rules.UNKNOWN_KEY, rules.MISSING_KEY)
_ORDER: Final = (
    rules.API_VERSION,
    rules.KIND,
    rules.NAME,
    rules.UNKNOWN_KEY,
    rules.MISSING_KEY,
    rules.EMPTY,
    rules.TYPE,
    rules.CHOICE,
    rules.COMBINATION,
    rules.FORM,
    rules.SIZE,
    rules.INVALID,
)


class Finding(NamedTuple):
    """One mistake by its path; ``at_key`` when the key is meant rather than its value."""

    path: Path
    rule: str
    message: str
    hint: str | None = None
    at_key: bool = False
    key: str | None = None
    """The key that is missing or unknown."""
    meant: str | None = None
    """What an unknown key probably was to be."""


def distinct(findings: Iterable[Finding]) -> Iterator[Finding]:
    """One finding per mistake: a misspelt key is not missing as well, a value has one thing wrong at a time."""
    found = sorted(set(findings), key=lambda finding: _ORDER.index(finding.rule))
    misspelt = {(f.path[:-1], f.meant) for f in found if f.meant}
    parents = {path for path, _ in misspelt}
    told: set[Path] = set()
    for finding in found:
        if finding.rule in _ABOUT_KEYS:
            if finding.rule == rules.UNKNOWN_KEY or (finding.path, finding.key) not in misspelt:
                yield finding
        elif finding.path not in told and not (finding.rule == rules.COMBINATION and finding.path in parents):
            told.add(finding.path)
            yield finding
