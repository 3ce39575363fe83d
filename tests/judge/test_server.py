"""The judge itself: it is nobody's friend."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from .server.rules import Rules
from .server.wire import Refused

FILES = sorted((Path(__file__).parent / "server").glob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_judge_owes_fmctl_nothing(path: Path) -> None:
    """It imports the standard library and itself, so that no error of fmctl's or its sandbox's can be in it."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom) and not node.level]

    assert not [name for name in names if name.split(".")[0] == "fmctl"]
    assert max([node.level for node in nodes if isinstance(node, ast.ImportFrom)], default=0) <= 1


def test_what_nobody_published_is_refused_and_remembered() -> None:
    """A field that the reference does not have costs the test, not only the call."""
    rules = Rules()
    with pytest.raises(Refused):
        rules.known({"name": "a", "nmae": "b"}, "name workspace_id", "metadata")

    assert ["unknown fields ['nmae'] in metadata"] == rules.violations
