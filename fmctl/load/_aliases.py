"""Anchors and aliases: every alias is a copy, and the copies are counted."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from fmctl.load import _rules as rules
from fmctl.load._marks import Text, size

Texts = dict[int, dict[str | int, str]]
"""``Document.written`` in the making."""
_MOST_EXPANDED: Final = 100_000


class Anchored(NamedTuple):
    """What an anchor stands for: the value, the offsets of all in it, and how it was written if it is a scalar."""

    value: Any
    offsets: list[int]
    written: str | None = None


class TooMany(Exception):
    """Aliases expand to more than fmctl reads; ``problem`` is the rule and what to say."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.problem = (rule, message)


class Anchors:
    """The anchors of one document; the count of what their aliases expand to is the file's."""

    def __init__(self, text: Text, deepest: int) -> None:
        self._text = text
        self._deepest = deepest
        self._expanded = 0
        self._known: dict[str, Anchored | None] = {}
        self._written: Texts = {}

    def begin(self, written: Texts) -> None:
        """Forget the anchors: the next document begins. Copies are noted in ``written`` as what they copy is."""
        self._known.clear()
        self._written = written

    def open(self, name: str) -> None:
        """What ``name`` stands for begins; until it is closed an alias to it is recursive."""
        self._known[name] = None

    def close(self, name: str, value: Any, offsets: list[int], written: str | None) -> None:
        """What ``name`` stands for is complete."""
        self._known[name] = Anchored(value, offsets, written)

    def missing(self, name: str) -> tuple[str, str]:
        """Why there is nothing to copy: the rule and what to say."""
        if name in self._known:
            return rules.RECURSIVE_ALIAS, f"*{name} stands inside its own anchor"
        return rules.UNDEFINED_ALIAS, f"there is no anchor &{name} before this alias"

    def copy(self, name: str, depth: int) -> Anchored | None:
        """A copy of what ``name`` stands for, to be put ``depth`` deep."""
        anchored = self._known.get(name)
        if anchored is None:
            return None
        self._expanded += len(anchored.offsets)
        if self._expanded > _MOST_EXPANDED:
            raise TooMany(rules.EXPANSION, f"aliases expand to more than {_MOST_EXPANDED:,} values")
        return anchored._replace(value=self._copied(anchored.value, depth))

    def _copied(self, value: Any, depth: int) -> Any:
        if not isinstance(value, (dict, list)):
            return value
        if depth > self._deepest:
            raise TooMany(rules.DEPTH, f"nested more than {self._deepest} deep")
        copy: Any
        if isinstance(value, dict):
            copy = {key: self._copied(item, depth + 1) for key, item in value.items()}
        else:
            copy = [self._copied(item, depth + 1) for item in value]
        if id(value) in self._written:
            self._written[id(copy)] = self._written[id(value)]
        return copy

    @staticmethod
    def sources(value: Any, offsets: list[int]) -> list[Anchored] | None:
        """The maps that a merge key names, with their offsets; None if these are not maps."""
        if isinstance(value, dict):
            return [Anchored(value, offsets)]
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            return None
        found, at = [], 1
        for item in value:
            found.append(Anchored(item, offsets[at : at + size(item)]))
            at += size(item)
        return found
