"""Secrets: values that manifests only point to."""

from __future__ import annotations

from pathlib import Path

import pytest

from fmctl.domain.problem import UsageError
from fmctl.secrets import reader


def test_a_value_is_read_where_it_is(tmp_path: Path) -> None:
    """In a variable as it is, in a file below the set's root without the line's end."""
    (tmp_path / "key").write_text("from a file\n")
    read = reader({"KEY": "from a variable\n"}, tmp_path)

    assert "from a variable\n" == read({"env": "KEY"})
    assert "from a file" == read({"file": "key"})


def test_a_variable_that_is_not_set_has_no_value(tmp_path: Path) -> None:
    """It is not compared, and no error."""
    assert reader({}, tmp_path)({"env": "KEY"}) is None


@pytest.mark.parametrize("content", [None, b"\xff\xfe"], ids=["absent", "not-text"])
def test_a_file_that_cannot_be_read_is_a_mistake_of_usage(tmp_path: Path, content: bytes | None) -> None:
    """It is no difference either: diff exits 2, and 1 only where something differs."""
    if content:
        (tmp_path / "key").write_bytes(content)

    with pytest.raises(UsageError, match="key"):
        reader({}, tmp_path)({"file": "key"})
