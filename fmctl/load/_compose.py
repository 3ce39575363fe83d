"""From parser events to documents: the core schema, unique keys, bounded aliases, and a mark for everything."""

from __future__ import annotations

from sys import intern
from typing import Any, Final

from yaml.error import MarkedYAMLError
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)
from yaml.reader import ReaderError

from fmctl.domain.problem import Problem
from fmctl.domain.resource import Document
from fmctl.load import _rules as rules
from fmctl.load._aliases import Anchored, Anchors, Texts, TooMany
from fmctl.load._marks import Text, document, size
from fmctl.load._scalars import STARTS, TAGGED, plain
from fmctl.load._syntax import explain, parser

DEEPEST: Final = 100
_MOST_ERRORS: Final = 20
"""Syntax errors told per file: after each one reading goes on at the next document."""
_COLLECTION_TAGS: Final = {MappingStartEvent: "tag:yaml.org,2002:map", SequenceStartEvent: "tag:yaml.org,2002:seq"}


class _Stop(Exception):
    """The rest of this document cannot be read; the next one is looked for after ``offset``."""

    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset


class ForbiddenCharacter(Exception):
    """A character that YAML forbids, or that is none: nothing of the text can be read."""


class Composer:
    """Reads all documents of one text into ``documents``, and what is wrong with them into ``problems``."""

    def __init__(self, text: Text) -> None:
        self.documents: list[Document] = []
        self.problems: list[Problem] = []
        self._text = text
        self._anchors = Anchors(text, DEEPEST)
        self._offsets: list[int] = []
        self._written: Texts = {}
        self._kept: list[Any] = []
        """Values that are not in the document, kept so that nothing in it gets the identity of one of them."""

    def read(self) -> None:
        """Read to the end; what cannot be parsed is left out up to the next ``---``."""
        start = 0
        for _ in range(_MOST_ERRORS):
            try:
                self._read_from(start)
                return
            except _Stop as stop:
                start = self._text.text.find("\n---", max(stop.offset - 1, start)) + 1
            if not start:
                return

    def _read_from(self, start: int) -> None:
        blank = " " * (start - 1) + "\n" if start else ""  # keeps the offsets right
        try:
            self._next = parser(blank + self._text.text[start:])
            event = self._next()
            while not isinstance(event, StreamEndEvent):
                if isinstance(event, DocumentStartEvent):
                    self._document()
                event = self._next()
        except (ReaderError, UnicodeEncodeError) as error:
            raise ForbiddenCharacter from error
        except MarkedYAMLError as error:
            problem, offset = explain(self._text, error)
            self.problems.append(problem)
            raise _Stop(offset) from error

    def _document(self) -> None:
        self._offsets, self._written, self._kept = [], {}, []
        self._anchors.begin(self._written)
        known = len(self.problems)
        root = self._next()
        value = self._node(root, 1)
        if len(self.problems) > known or _is_empty(root):
            return
        if isinstance(value, dict):
            self.documents.append(document(self._text, value, self._offsets, self._written))
        else:
            noun = "a list" if isinstance(value, list) else "a single value"
            hint = "begin with apiVersion, kind, metadata and spec; separate manifests by a line '---'"
            self._problem(self._offsets[0], rules.ROOT, f"a manifest is a map, not {noun}", hint)

    def _problem(self, offset: int, rule: str, message: str, hint: str | None = None) -> None:
        self.problems.append(Problem(self._text.source(offset), rule, message, hint))

    def _node(self, event: Any, depth: int) -> Any:
        """The value that begins with ``event``; its mark and those of all it contains are noted."""
        offset = event.start_mark.index
        begin = len(self._offsets)
        self._offsets.append(offset)
        if isinstance(event, AliasEvent):
            return self._alias(event, depth)
        if event.anchor:
            self._anchors.open(event.anchor)
        value = self._scalar(event) if isinstance(event, ScalarEvent) else self._collection(event, depth)
        if event.anchor:
            self._anchors.close(event.anchor, value, self._offsets[begin:], self._text.written.get(offset))
        return value

    def _scalar(self, event: Any) -> Any:
        """A scalar off the fast path: quoted, anchored or tagged."""
        offset = event.start_mark.index
        is_plain = event.implicit[0] and event.tag is None
        if event.tag or event.anchor:
            self._text.written[offset] = event.value if is_plain else None
        if event.tag is None:
            return plain(event.value) if is_plain else event.value
        if event.tag not in TAGGED:
            return self._unknown_tag(event)
        try:
            return TAGGED[event.tag](event.value)
        except ValueError:
            short = event.tag.replace("tag:yaml.org,2002:", "!!")
            self._problem(offset, rules.TAGGED_VALUE, f"this value cannot be read as {short}")

    def _unknown_tag(self, event: Any) -> None:
        short = event.tag.replace("tag:yaml.org,2002:", "!!")
        hint = "leave it out: fmctl knows !!str, !!int, !!float, !!bool, !!null, !!map and !!seq"
        self._problem(event.start_mark.index, rules.TAG, f"unknown tag {short}", hint)

    def _collection(self, event: Any, depth: int) -> Any:
        if depth > DEEPEST:
            self._problem(event.start_mark.index, rules.DEPTH, f"nested more than {DEEPEST} deep")
            raise _Stop(event.start_mark.index)
        if event.tag not in (None, "!", _COLLECTION_TAGS[type(event)]):
            self._unknown_tag(event)
        if isinstance(event, MappingStartEvent):
            return self._mapping(depth + 1)
        return self._sequence(depth + 1)

    def _sequence(self, depth: int) -> list[Any]:
        # This loop and the next are the hot path: text costs no call.
        items: list[Any] = []
        texts: dict[str | int, str] = {}
        get, put = self._next, self._offsets.append
        while True:
            event: Any = get()
            kind = event.__class__
            if kind is ScalarEvent and event.anchor is None and event.tag is None:
                put(event.start_mark.index)
                text = value = event.value
                if text[:1] in STARTS and event.implicit[0]:
                    value = plain(text)
                    if value.__class__ is not str:
                        texts[len(items)] = text
                items.append(value)
            elif kind is SequenceEndEvent:
                if texts:
                    self._written[id(items)] = texts
                return items
            else:
                items.append(self._odd_value(event, depth, texts, len(items)))

    def _mapping(self, depth: int) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        texts: dict[str | int, str] = {}
        merged: list[Anchored] = []
        begin = len(self._offsets)
        get, put = self._next, self._offsets.append
        while True:
            event = get()
            kind: Any = event.__class__
            if kind is ScalarEvent and event.tag is None and event.anchor is None:
                key: Any = intern(event.value)  # the same few in every document
                if key in mapping or (key == "<<" and event.implicit[0]):
                    self._odd_entry(event, mapping, merged, begin, depth)
                    continue
                put(event.start_mark.index)
            elif kind is MappingEndEvent:
                if merged:
                    self._merge(mapping, merged, texts)
                if texts:
                    self._written[id(mapping)] = texts
                return mapping
            elif (key := self._odd_key(event, mapping, begin, depth)) is None:
                continue
            item = get()
            kind = item.__class__
            if kind is ScalarEvent and item.anchor is None and item.tag is None:
                put(item.start_mark.index)
                text = value = item.value
                if text[:1] in STARTS and item.implicit[0]:
                    value = plain(text)
                    if value.__class__ is not str:
                        texts[key] = text
                mapping[key] = value
            else:
                mapping[key] = self._odd_value(item, depth, texts, key)

    def _odd_value(self, event: Any, depth: int, texts: dict[str | int, str], key: str | int) -> Any:
        """A value off the fast path; how it was written, if that is known and it is not text, goes to ``texts``."""
        value = self._node(event, depth)
        if not isinstance(value, (dict, list, str)):
            text = self._text.written.get(event.start_mark.index)
            if text is not None:
                texts[key] = text
        return value

    def _odd_entry(self, event: Any, mapping: dict[str, Any], merged: list[Anchored], begin: int, depth: int) -> None:
        """A key that is there already, or a merge key; its marks are not those of an entry."""
        if event.value in mapping:
            self._duplicate(event, mapping, begin)
        end = len(self._offsets)
        is_merge = event.value == "<<" and event.implicit[0]
        value_event = self._next()
        value = self._node(value_event, depth)
        offsets = self._offsets[end:]
        del self._offsets[end:]
        if not is_merge:
            return
        sources = self._anchors.sources(value, offsets)
        if sources is None or merged:
            message = "a second merge key" if merged else "a merge key (<<) takes a map, or a list of maps"
            self._problem(event.start_mark.index, rules.MERGE_KEY, message, "write <<: *anchor, or <<: [*one, *two]")
        else:
            merged.extend(sources)
            self._kept.append(value)

    def _merge(self, mapping: dict[str, Any], merged: list[Anchored], texts: dict[str | int, str]) -> None:
        """Give ``mapping`` the entries of the merged maps that it lacks, earlier ones first."""
        for value, offsets, _ in merged:
            theirs = self._written.get(id(value), {})
            at = 1
            for key, item in value.items():
                end = at + 1 + size(item)
                if key not in mapping:
                    mapping[key] = item
                    self._offsets.extend(offsets[at:end])
                    if key in theirs:
                        texts[key] = theirs[key]
                at = end

    def _odd_key(self, event: Any, mapping: dict[str, Any], begin: int, depth: int) -> str | None:
        """The text of a key that has a tag or an anchor or is an alias; None, its value skipped, if it cannot be."""
        end = len(self._offsets)
        value = self._node(event, depth)
        is_scalar = not isinstance(value, (dict, list))
        text = event.value if isinstance(event, ScalarEvent) else self._text.written.get(event.start_mark.index)
        key = value if isinstance(value, str) else text
        if is_scalar and key is not None and key not in mapping:
            return key
        if not is_scalar:
            hint = "quote text that begins with { or [; fmctl has no templates"
            self._problem(event.start_mark.index, rules.COMPLEX_KEY, "a key must be text, not a map or a list", hint)
        elif key is not None:
            self._duplicate(event, mapping, begin, key)
        del self._offsets[end:]
        self._node(self._next(), depth)
        del self._offsets[end:]
        return None

    def _duplicate(self, event: Any, mapping: dict[str, Any], begin: int, key: str | None = None) -> None:
        """Tell a key that stands twice, and where it stood first."""
        name = event.value if key is None else key
        at = begin
        for other, value in mapping.items():
            if other == name:
                break
            at += 1 + size(value)
        first = self._text.source(self._offsets[at])
        where = f"line {first.line}, column {first.column}"
        hint = "keep one of the two"
        if name == "apiVersion":  # two manifests in a file, most likely
            hint = "put a line `---` before it where the next manifest begins, or keep one of the two"
        message = f"duplicate key {name!r}, first at {where}"
        self._problem(event.start_mark.index, rules.DUPLICATE_KEY, message, hint)

    def _alias(self, event: Any, depth: int) -> Any:
        offset = event.start_mark.index
        try:
            anchored = self._anchors.copy(event.anchor, depth)
        except TooMany as error:
            self._problem(offset, *error.problem)
            raise _Stop(offset) from error
        if anchored is None:
            rule, message = self._anchors.missing(event.anchor)
            self._problem(offset, rule, message)
            return None
        self._offsets.extend(anchored.offsets[1:])
        if not isinstance(anchored.value, (dict, list)):
            self._text.written[offset] = anchored.written
        return anchored.value


def _is_empty(root: Any) -> bool:
    return isinstance(root, ScalarEvent) and not root.value and root.implicit[0] and not (root.tag or root.anchor)
