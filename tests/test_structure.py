"""The rules of style that a machine can see."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

import pytest

import fmctl.domain
from fmctl.domain import problem
from fmctl.kinds import KINDS
from fmctl.kinds.model_version import PHASES as MODEL_PHASES
from fmctl.kinds.service import PHASES as SERVICE_PHASES
from fmctl.kinds.training_job import PHASES as JOB_PHASES
from fmctl.sandbox import parts

PACKAGE = Path(fmctl.domain.__file__).parents[1]
FILES = sorted(PACKAGE.rglob("*.py"))
CORE = [path for path in FILES if "sandbox" not in path.relative_to(PACKAGE).parts[:1] and "starter" not in path.parts]
SPEAKS = {"cli", "sandbox", "starter"}
"""Packages that are programs: the command line, the sandbox, and what the example's jobs run."""


def name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def outside(*folders: str) -> list[Path]:
    return [path for path in FILES if path.relative_to(PACKAGE).parts[0] not in folders]


def calls(path: Path) -> Iterator[str]:
    """Every called name of a file, with its dots."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


def test_only_the_command_line_prints_and_exits() -> None:
    """Nothing below cli writes to the terminal or ends the process."""
    forbidden = {"print", "input", "exit", "quit", "sys.exit", "os._exit", "typer.echo"}
    found = {name(path): forbidden & set(calls(path)) for path in outside(*SPEAKS)}

    assert {} == {path: names for path, names in found.items() if names}


def test_only_the_doors_read_the_environment() -> None:
    """The environment is an argument everywhere but in the two doors: the command line and the Python API."""
    found = [name(path) for path in outside(*SPEAKS) if re.search(r"\bos\.(environ|getenv)\b", path.read_text())]

    assert ["api.py"] == found


def domain() -> Iterator[type]:
    for module in pkgutil.iter_modules(fmctl.domain.__path__, "fmctl.domain."):
        for _, member in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if member.__module__ == module.name:
                yield member


@pytest.mark.parametrize("noun", list(domain()), ids=lambda noun: noun.__name__)
def test_domain_data_is_frozen(noun: type) -> None:
    """A noun is a frozen and slotted dataclass, a named tuple, an enum, a protocol or an error."""
    if issubclass(noun, (tuple, Enum, Exception)) or getattr(noun, "_is_protocol", False):
        return

    assert dataclasses.is_dataclass(noun)
    assert noun.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert "__slots__" in vars(noun)


@pytest.mark.parametrize("path", [path for path in FILES if "domain" in path.parts], ids=name)
def test_the_domain_is_standard_library_only(path: Path) -> None:
    """The nouns depend on nothing but each other."""
    roots = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and node.module:
            roots.add(node.module.split(".")[0] if not node.module.startswith("fmctl") else node.module[:12])
        if isinstance(node, ast.Import):
            roots.update(alias.name.split(".")[0] for alias in node.names)

    assert roots <= {*__import__("sys").stdlib_module_names, "fmctl.domain"}


def test_no_module_is_a_drawer() -> None:
    """Modules are named for what is in them; base is the contract of the kinds and nothing else."""
    drawers = {"utils", "util", "helpers", "helper", "common", "misc", "base"}

    assert ["kinds/base.py"] == [name(path) for path in FILES if path.stem in drawers]


def test_every_module_says_what_is_in_it() -> None:
    """The first line of a module is its docstring."""
    assert [] == [name(path) for path in FILES if path.read_text() and not ast.get_docstring(tree(path))]


def test_the_flow_fits_on_one_page() -> None:
    """workflow.py has at most 60 lines of code, and no branch on a kind."""
    source = (PACKAGE / "workflow.py").read_text()
    code = [line for line in source.split("\n") if line.strip() and not line.strip().startswith("#")]
    docs = sum((ast.get_docstring(node, clean=False) or "").count("\n") + 1 for node in _documented(source))

    assert len(code) - docs <= 60
    assert not re.search(r"\bkind\s*(==|!=|in\b)", source)
    assert not set(KINDS) & {node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)}


def _documented(source: str) -> Iterator[ast.Module | ast.ClassDef | ast.FunctionDef]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node):
            yield node


def test_there_is_no_dry_run() -> None:
    """diff shows the plan that apply carries out; nothing runs half. Who asks for it is told so, by the examples."""
    files = [path for path in CORE if path.name != "examples.py"]

    assert [] == [name(path) for path in files if re.search(r"dry.?run", path.read_text(), re.IGNORECASE)]


# ------------------------------------------------------------------ errors


def test_the_tree_of_errors_is_drawn_as_it_is() -> None:
    """The drawing at the head of problem.py has every error, below its parent, with its exit code."""
    drawn: dict[str, str] = {}
    way: list[str] = []
    for text in (problem.__doc__ or "").split("\n"):
        found = re.match(r"^([│├└─ ]*)([A-Z]\w+)", text)
        if found and (found[1] or found[2] == "FmctlError"):
            depth = len(found[1]) // 4
            way[depth:] = [found[2]]
            drawn[found[2]] = way[depth - 1] if depth else "Exception"
    classes = {
        each.__name__: each.__bases__[0].__name__
        for _, each in inspect.getmembers(problem, inspect.isclass)
        if issubclass(each, Exception)
    }

    assert classes == drawn


@pytest.mark.parametrize("path", [path for path in CORE if "domain" not in path.parts], ids=name)
def test_errors_are_defined_in_one_file(path: Path) -> None:
    """Whoever looks for an error finds it in the tree; a private one never leaves its module."""
    public = [
        node.name
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ClassDef)
        and any(ast.unparse(base) in vars(problem) and ast.unparse(base) != "Protocol" for base in node.bases)
        and any(ast.unparse(base).endswith(("Error", "Refused", "Conflict", "NotReady")) for base in node.bases)
        and not node.name.startswith("_")
    ]

    assert [] == public


# ------------------------------------------------------------------ kinds


def test_a_kind_is_a_file() -> None:
    """The file of a kind is its name in snake case."""
    files = {re.sub(r"(?<!^)(?=[A-Z])", "_", kind).lower() + ".py" for kind in KINDS}

    assert files <= {path.name for path in (PACKAGE / "kinds").iterdir()}


ENDPOINT = re.compile(r"^    (GET|POST|PUT|PATCH|DELETE) +(/\S+)", re.MULTILINE)
BELOW = re.compile(r"below ``(/v\d/\{project_id\})``")


@pytest.mark.parametrize("kind", KINDS)
def test_every_endpoint_of_a_kind_is_a_route_of_the_sandbox(kind: str) -> None:
    """What a kind says that it calls, the sandbox serves."""
    text = inspect.getmodule(type(KINDS[kind])).__doc__ or ""  # type: ignore[union-attr]
    start = BELOW.search(text)
    assert start, "the docstring says below which path its endpoints are"
    routes = {(route.method, _shape(route.rule)) for route in parts.ROUTES}
    named = {(method, _shape(start[1] + path)) for method, path in ENDPOINT.findall(text)}

    assert named
    assert named <= routes


def _shape(rule: str) -> str:
    """A path with its parameters made equal, however they are written."""
    return re.sub(r"<[^>]+>|\{[^}]+\}", "*", rule)


def test_kinds_do_not_wait() -> None:
    """Waiting is the executor's: a verb yields, and nothing in kinds sleeps."""
    found = [name(path) for path in (PACKAGE / "kinds").glob("*.py") if any(c.endswith("sleep") for c in calls(path))]

    assert [] == found


PHASES = {*JOB_PHASES, *MODEL_PHASES, *SERVICE_PHASES}
WORDS = {"running", "stopped", "failed", "waiting", "pending", "finished"}
"""Phases that are also words of manifests and of outcomes."""


def test_phases_are_compared_in_kinds_alone() -> None:
    """Above the kinds there is health, and no phase is spelled."""
    found = {
        (name(path), node.value)
        for path in CORE
        if "kinds" not in path.parts
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant) and node.value in PHASES - WORDS
    }

    assert set() == found


def test_the_sandbox_shares_nothing_with_what_it_tests() -> None:
    """The sandbox imports nothing of fmctl but itself."""
    found = {
        (name(path), node.module)
        for path in (PACKAGE / "sandbox").rglob("*.py")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("fmctl")
        if not (node.module or "").startswith("fmctl.sandbox")
    }

    assert set() == found


# ------------------------------------------------------------------ tests

TESTS = Path(__file__).parent
MINE = sorted(TESTS.glob("test_*.py"))


@pytest.mark.parametrize("path", MINE, ids=lambda path: path.name)
def test_a_test_states_a_law(path: Path) -> None:
    """Every test has a docstring of one sentence."""
    silent = [
        node.name
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and not ast.get_docstring(node)
    ]

    assert [] == silent


@pytest.mark.parametrize("path", sorted(TESTS.rglob("*.py")), ids=lambda path: path.name)
def test_nobody_patches_httpx(path: Path) -> None:
    """A test gives a transport; it never reaches into the library."""
    patched = re.compile(r"(setattr|patch)\(\s*['\"]?httpx")

    assert not patched.search(path.read_text())
