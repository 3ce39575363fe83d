"""The documentation says what happens: every command, file and example of it is carried out."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
from pathlib import Path
from types import ModuleType

import pytest
from pages import Difference, blocks, commands, corrected, edited, matches
from reader import Reader

from fmctl.domain.problem import ManifestError
from fmctl.domain.resource import Document
from fmctl.kinds import KINDS
from fmctl.load import load_text
from fmctl.validate import checked, document_schema

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", *DOCS.rglob("*.md")])
FOLLOWED = [page for page in PAGES if {"console", "python"} & {block.language for block in blocks(page.read_text())}]
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"```.*?^```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", FOLLOWED, ids=name)
def test_what_a_page_shows_is_what_happens(page: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Who follows a page from its beginning, in a fresh clone with a fresh sandbox, sees what it shows."""
    text = page.read_text("utf-8")
    clone, state = tmp_path / "clone", tmp_path / "state"
    state.mkdir()
    shutil.copytree(ROOT / "manifests", clone / "manifests", ignore=shutil.ignore_patterns(".*_cache", "__pycache__"))
    with Reader(text, clone, state) as reader:
        differences = list(reader.follow())
    if request.config.getoption("--record"):
        page.write_text(corrected(text, differences), "utf-8")

    assert [] == differences, "\n".join(map(str, differences))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_manifests_and_data_are_well_formed(page: Path) -> None:
    """Every manifest on a page satisfies its schema, also one that is only read; other YAML and JSON can be parsed.

    What a manifest leaves out may come from defaults. One is wrong on purpose.
    """
    shown = list(blocks(page.read_text("utf-8")))
    for block in shown:
        if block.language == "json":
            json.loads(block.text)
    documents = [one for block in shown if block.language == "yaml" for one in load_text(block.text, name(page))]
    found = [rule for one in documents if "apiVersion" in one.value for rule in broken(one)]

    assert found == (["FM0104", "FM0104"] if page.name == "tutorial.md" else [])


def broken(document: Document) -> list[str]:
    """The rules that a manifest breaks, but for keys that are missing."""
    try:
        checked(document, document_schema(KINDS[str(document.value["kind"])]))
    except ManifestError as error:
        return [problem.rule for problem in error.problems if problem.rule != "FM0105"]
    return []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every link to a file of the repository leads to a file, and to a heading where it names one."""
    dead = [link for link in _LINK.findall(_CODE.sub("", page.read_text("utf-8"))) if not leads(page, link)]

    assert [] == dead


def leads(page: Path, link: str) -> bool:
    if "://" in link:
        return True
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    return target.exists() and (not anchor or anchor in anchors(target))


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", _CODE.sub("", page.read_text("utf-8")), re.MULTILINE)
    headings += re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(
    ("shown", "actual"),
    [
        ("one\n…\nfour", "one\ntwo\nthree\nfour"),
        ("one\n…\ntwo", "one\ntwo"),
        ("at http://127.0.0.1:1/v1", "at http://127.0.0.1:65535/v1"),
        ("digits-0123456789: … [0s]", "digits-fedcba9876: Running [12s]"),
    ],
)
def test_dots_and_what_varies_match(shown: str, actual: str) -> None:
    """Dots stand for anything, within a line or for whole lines; addresses, ids and times are not compared."""
    assert matches(shown, actual)


@pytest.mark.parametrize(
    ("shown", "actual"),
    [("one", "one\ntwo"), ("one\ntwo", "one"), ("1 problem", "2 problems"), ("", "anything"), ("a … c", "a b\nc")],
)
def test_what_is_not_shown_does_not_match(shown: str, actual: str) -> None:
    """Without dots an output is shown whole: a line more or less is a difference."""
    assert not matches(shown, actual)


def test_commands_are_told_from_what_they_show() -> None:
    """A command is a line with a dollar and those with an angle after it; the rest, up to the next, is its output."""
    [block] = blocks("Text.\n\n```console\n$ one\n> more  # exit 3\nout\n\n$ two\n```\n")

    assert [("one\nmore", 3, "out"), ("two", 0, "")] == [(one.text, one.code, one.shown) for one in commands(block)]


def test_a_page_is_corrected_in_its_places() -> None:
    """Recording puts what is true where the page said something else, and nowhere else."""
    page = "```console\n$ one\n1\n\n$ one\n1\n```\n"
    _, second = commands(next(blocks(page)))

    assert "```console\n$ one\n1\n\n$ one\n2\n```\n" == corrected(
        page, [Difference(second.at, str(second), "$ one\n2")]
    )


def test_an_edit_changes_its_place() -> None:
    """A diff block replaces the lines with a minus by those with a plus, in the place that it shows."""
    assert "a\nB\nb\nc\n" == edited("a\nb\nb\nc\n", " a\n-b\n+B\n")


def test_an_edit_needs_its_place_once() -> None:
    """An edit whose place is not there, or there twice, is an error and no guess."""
    with pytest.raises(ValueError, match="2 times instead of once"):
        edited("b\nb\n", "-b\n+B\n")


def generator() -> ModuleType:
    """docs/generate.py, which is a program and in no package."""
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_reference_is_what_the_code_says() -> None:
    """The pages of docs/reference are those that script/docs writes now."""
    made = generator().pages()
    found = {name: (DOCS / "reference" / name).read_text("utf-8") for name in made}

    assert made == found, "run script/docs"


def test_every_field_is_described() -> None:
    """No row of a table of the reference ends empty."""
    empty = [line for page in (DOCS / "reference").glob("*.md") for line in page.read_text("utf-8").splitlines()]
    empty = [line for line in empty if re.search(r"\| +\|$", line)]

    assert [] == empty


def test_every_rule_and_variable_of_the_code_is_in_the_reference() -> None:
    """What the code names as a rule or reads from the environment has a line in the reference."""
    code = "".join(file.read_text("utf-8") for file in (ROOT / "fmctl").rglob("*.py"))
    said = "".join(page.read_text("utf-8") for page in (DOCS / "reference").glob("*.md"))
    named = set(re.findall(r'"(FM\d{4})"', code)) | set(re.findall(r'"((?:FMCTL|HW)_[A-Z_]+[A-Z])"', code))

    assert set() == {name for name in named if f"`{name}`" not in said}
