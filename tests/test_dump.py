"""The YAML that fmctl writes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from fmctl.load import dump, load_text

CHARACTERS = some.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff\ufffe\uffff")
TEXTS = some.text(CHARACTERS, max_size=20) | some.sampled_from(
    ["yes", "0o17", "1e5", "12:30", "2026-01-01", "~", "a\nb\n"]
)
SCALARS = some.none() | some.booleans() | some.integers(-(2**60), 2**60) | TEXTS
VALUES = some.recursive(
    SCALARS, lambda below: some.lists(below, max_size=3) | some.dictionaries(TEXTS, below, max_size=3)
)


@settings(max_examples=200, deadline=None)
@given(VALUES)
def test_what_is_written_reads_back(value: Any) -> None:
    """Every value that a manifest can hold is read back equal."""
    document = {"value": value}

    assert document == load_text(dump(document), "dumped.yaml")[0].value


def test_order_and_chinese_are_kept_and_nothing_is_aliased() -> None:
    """Keys keep their order, text its characters, and a value that stands twice is written twice."""
    shared = {"名": "手写数字"}

    assert "b:\n  名: 手写数字\na:\n  名: 手写数字\n" == dump({"b": shared, "a": shared})


@pytest.mark.parametrize("text", ["0o17", "1e5", "yes", "true", "null", "1.10", "2026-01-01"])
def test_text_stays_text(text: str) -> None:
    """Text that reads as another type, in YAML 1.1 or 1.2, is quoted."""
    assert f"a: '{text}'\n" == dump({"a": text})
