"""Reading manifests: files, YAML, places, and errors that name both."""

import gc
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fmctl.domain.problem import ManifestError, Problem
from fmctl.domain.resource import Mark
from fmctl.load import load, load_text
from fmctl.rules import RULES

ROOT = Path(__file__).parents[1]
MANIFEST = "kind: K\nmetadata: {name: %s}\n"
LETTERS = ["a", "b", "c"]


def value(text: str) -> Any:
    """The value under ``x`` of a document that has nothing else."""
    (document,) = load_text(f"x: {text}\n", "f.yaml")
    return document.value["x"]


def problems(text: str) -> list[Problem]:
    with pytest.raises(ManifestError) as caught:
        load_text(text, "f.yaml")
    return list(caught.value.problems)


def told(action: Callable[[], object]) -> list[str]:
    """Place, rule and message of everything that is wrong."""
    with pytest.raises(ManifestError) as caught:
        action()
    return [str(problem).splitlines()[0] for problem in caught.value.problems]


# ------------------------------------------------------------------- scalars


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("true", True),
        ("FALSE", False),
        ("yes", "yes"),
        ("off", "off"),
        ("12", 12),
        ("-12", -12),
        ("0755", 755),
        ("0o17", 15),
        ("0x1F", 31),
        ("1_000", "1_000"),
        ("1e-4", 1e-4),
        ("1.", 1.0),
        (".5", 0.5),
        ("-.inf", float("-inf")),
        ("1:30", "1:30"),
        ("2026-01-01", "2026-01-01"),
        ("1.0.0", "1.0.0"),
        ("'12'", "12"),
        ('"null"', "null"),
        ("!!str 12", "12"),
        ("! 12", "12"),
        ('!!int "12"', 12),
        ("!!float 1", 1.0),
        ("!!null ''", None),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_plain_scalars_follow_the_core_schema(text: str, expected: Any):
    """Plain scalars are what YAML 1.2's core schema says, tagged ones what their tag says, quoted ones text."""
    actual = value(text)

    assert (type(expected), expected) == (type(actual), actual)


def test_not_a_number_is_a_float():
    """``.nan`` is the float that equals nothing."""
    number = value(".nan")

    assert number != number


def test_keys_are_their_text():
    """A plain scalar as a key is the text that was written."""
    (document,) = load_text("1: a\ntrue: b\n1.10: c\nnull: d\n&k e: f\n", "f.yaml")

    assert {"1": "a", "true": "b", "1.10": "c", "null": "d", "e": "f"} == document.value


# -------------------------------------------------------------------- places


def test_marks_tell_line_column_and_source_text():
    """Every key and value has its place; plain scalars have the text they were written as."""
    (document,) = load_text("spec:\n  lr: 1e-4\n  name: 'x'\n  list: [1.10, a]\n  none:\n", "f.yaml")

    assert {
        ("spec",): Mark(1, 1, "spec"),
        ("spec", "lr"): Mark(2, 3, "lr"),
        ("spec", "name"): Mark(3, 3, "name"),
        ("spec", "list"): Mark(4, 3, "list"),
        ("spec", "none"): Mark(5, 3, "none"),
    } == dict(document.keys)
    assert {
        (): Mark(1, 1),
        ("spec",): Mark(2, 3),
        ("spec", "lr"): Mark(2, 7, "1e-4"),
        ("spec", "name"): Mark(3, 9),
        ("spec", "list"): Mark(4, 9),
        ("spec", "list", 0): Mark(4, 10, "1.10"),
        ("spec", "list", 1): Mark(4, 16, "a"),
        ("spec", "none"): Mark(5, 8, ""),
    } == dict(document.values)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_lines_count_as_editors_count(newline: str):
    """Any line ending counts once, and a byte order mark counts for nothing."""
    (document,) = load_text(f"\ufeffa: 1{newline}b:{newline}  é: 2{newline}", "f.yaml")

    assert Mark(3, 6, "2") == document.values["b", "é"]


def test_later_documents_keep_their_lines():
    """Places count from the beginning of the file, not of the document."""
    first, second = load_text("a: 1\n---\nb: 2\n", "f.yaml")

    assert (Mark(1, 4, "1"), Mark(3, 4, "2")) == (first.values["a",], second.values["b",])


def test_an_aliased_scalar_stands_where_the_alias_stands():
    """An alias has its own place, and its anchor's text; tags are not plain, so they have none."""
    (document,) = load_text("a: &n 1e-4\nb: *n\nc: !!int 3\n", "f.yaml")

    assert [Mark(1, 4, "1e-4"), Mark(2, 4, "1e-4"), Mark(3, 4)] == [document.values[key,] for key in LETTERS]


# ------------------------------------------------------------------- aliases


def test_aliases_are_copies():
    """An alias is a value of its own: nothing that happens to one happens to the other."""
    (document,) = load_text("a: &l [1, {x: 2}]\nb: *l\n", "f.yaml")

    assert document.value["a"] == document.value["b"]
    assert document.value["a"][1] is not document.value["b"][1]
    assert Mark(1, 15, "2") == document.values["b", 1, "x"]


def test_merge_keys_fill_what_is_missing():
    """``<<`` adds what the map does not say itself, earlier maps first, and every entry keeps its place."""
    text = "one: &one {a: 1, b: 1}\ntwo: &two {b: 2, c: [2]}\nx:\n  <<: [*one, *two]\n  a: 0\n  d: 0\ny: {<<: *one}\n"
    (document,) = load_text(text, "f.yaml")

    assert {"a": 0, "d": 0, "b": 1, "c": [2]} == document.value["x"]
    assert {"a": 1, "b": 1} == document.value["y"]
    assert Mark(2, 22, "2") == document.values["x", "c", 0]
    assert Mark(6, 6, "0") == document.values["x", "d"]
    assert Mark(1, 18, "b") == document.keys["y", "b"]


def test_what_is_not_text_remembers_how_it_was_written():
    """Numbers, truth values and nulls keep their source text, through anchors, aliases and merge keys."""
    text = (
        "x: &x {lr: 1e-4, on: True, none: , name: n, 7: '7'}\ny: *x\nz: {<<: *x, lr: 1.10}\nl: [&a 0x1F, *a, !!int 3]\n"
    )
    (document,) = load_text(text, "f.yaml")
    written = {key: dict(document.written[id(value)]) for key, value in document.value.items()}
    others = {"on": "True", "none": ""}

    assert {
        "x": {"lr": "1e-4"} | others,
        "y": {"lr": "1e-4"} | others,
        "z": {"lr": "1.10"} | others,
        "l": {0: "0x1F", 1: "0x1F"},
    } == written


def test_a_quoted_merge_key_is_a_key():
    """Only the plain ``<<`` merges."""
    assert {"<<": 1} == value('{"<<": 1}')


def test_alias_bombs_are_refused_before_they_explode():
    """Aliases of aliases stop at a count, however few bytes they are written in."""
    lines = ["l0: &l0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 30)]

    assert ["FM0008"] == [problem.rule for problem in problems("\n".join(lines))]


def test_aliases_do_not_hide_depth():
    """A chain of aliases that nests deeper than a document may is refused as such."""
    lines = ["l0: &l0 [x]"] + [f"l{n}: &l{n} [*l{n - 1}]" for n in range(1, 200)]

    assert ["FM0009"] == [problem.rule for problem in problems("\n".join(lines))]


# -------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a:\n\tb: 1\n", "f.yaml:2:1: FM0002 a tab in the indentation"),
        ("a:\n  b: 1\n\tc: 1\n", "f.yaml:3:1: FM0002 a tab in the indentation"),
        ("a: b: c\n", "f.yaml:1:5: FM0001 a second ': ' on one line, or a key where none can stand"),
        ("a: 'b\n", "f.yaml:1:4: FM0001 a quote that is never closed"),
        ("a: [1, 2\nb: 1\n", "f.yaml:2:2: FM0001 a list that opens with '[' is not closed here"),
        ("a: {b: 1\n", "f.yaml:2:1: FM0001 a map that opens with '{' is not closed here"),
        ("a: @x\n", "f.yaml:1:4: FM0001 a value cannot begin with this character"),
        ("a:\n  b: 1\n c: 2\n", "f.yaml:3:2: FM0001 this line does not belong to the map or list that it stands in"),
        ("a: b\nc\n", "f.yaml:3:1: FM0001 a key without ':'"),
        ("a: 1\nb: {c: 1, c: 2}\n", "f.yaml:2:11: FM0003 duplicate key 'c', first at line 2, column 5"),
        ("a: {b: 1}\n&x a: 2\n", "f.yaml:2:1: FM0003 duplicate key 'a', first at line 1, column 1"),
        ("a: !env HOME\n", "f.yaml:1:4: FM0004 unknown tag !env"),
        ("a: !!set {x}\n", "f.yaml:1:4: FM0004 unknown tag !!set"),
        ("a: {{ name }}\n", "f.yaml:1:5: FM0005 a key must be text, not a map or a list"),
        ("a: *b\n", "f.yaml:1:4: FM0006 there is no anchor &b before this alias"),
        ("a: &b [*b]\n", "f.yaml:1:8: FM0007 *b stands inside its own anchor"),
        (f"a: {'[' * 200}", "f.yaml:1:103: FM0009 nested more than 100 deep"),
        ("- a\n", "f.yaml:1:1: FM0010 a manifest is a map, not a list"),
        ("text\n", "f.yaml:1:1: FM0010 a manifest is a map, not a single value"),
        ("a: \ud800\n", "f.yaml:1:4: FM0011 not UTF-8"),
        ("a: \x00\n", "f.yaml:1:4: FM0012 a NUL byte"),
        ("a: 1\nb: \x1b[0m\n", "f.yaml:2:4: FM0012 a control character U+001B"),
        ("a: {<<: 1}\n", "f.yaml:1:5: FM0017 a merge key (<<) takes a map, or a list of maps"),
        ("a: !!int x\n", "f.yaml:1:4: FM0018 this value cannot be read as !!int"),
    ],
)
def test_every_mistake_has_a_place_a_rule_and_words(text: str, line: str):
    """What is wrong is said once, in our words, where it stands."""
    actual = told(lambda: load_text(text, "f.yaml"))

    assert [line] == actual


def test_a_file_tells_all_its_mistakes():
    """One document that cannot be read hides neither what was wrong before it nor what is wrong after it."""
    text = "a: 1\na: 2\n---\nb: 'x\n---\nc: @\n---\nd: {e: 1, e: 2}\n"

    assert [(2, "FM0003"), (4, "FM0001"), (6, "FM0001"), (8, "FM0003")] == [
        (problem.source.line, problem.rule) for problem in problems(text)
    ]


# --------------------------------------------------------------------- files


def write(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text or MANIFEST % path.stem)
    return path


def names(filenames: list[str], **options: Any) -> list[str]:
    """The names of all manifests that were loaded."""
    return [document.value["metadata"]["name"] for document in load(filenames, **options)]


@pytest.fixture
def folder(tmp_path: Path) -> str:
    for name in ("b.yml", "a.yaml", "c.json", "sub/d.yaml", ".hidden.yaml", ".git/e.yaml", "fmctl.yaml", "notes.txt"):
        write(tmp_path / name)
    (tmp_path / "c.json").write_text('{"kind": "K",\n\t"metadata": {"name": "c"}}')
    return str(tmp_path)


def test_a_directory_is_its_manifests_in_order(folder: str):
    """A directory means its .yaml and .yml files by name; hidden ones and the project file are not manifests."""
    assert ["a", "b"] == names([folder])


def test_json_is_read_where_it_is_named(folder: str):
    """A manifest may be JSON, but a directory's JSON is data until a name or a glob says otherwise."""
    assert ["c"] == names([f"{folder}/c.json"])
    assert ["c"] == names([f"{folder}/*.json"])


def test_recursion_is_asked_for(folder: str):
    """Sub-directories count with ``recursive`` only, hidden ones never."""
    assert ["a", "b", "d"] == names([folder], recursive=True)


def test_fmctlignore_leaves_files_and_folders_out(tmp_path: Path):
    """A directory is read without what gitignore patterns in its own .fmctlignore match; a named file is read."""
    for name in ("a.yaml", "b.yaml", "code/c.yaml", "data/a.yaml", "data/keep.yaml", "deep/code/d.yaml"):
        write(tmp_path / name)
    write(tmp_path / ".fmctlignore", "# what jobs use\n/code/\ndata/*\n!data/keep.yaml\nb.yaml\n")
    write(tmp_path / "deep" / ".fmctlignore", "*\n")

    assert ["a", "keep", "d"] == names([str(tmp_path)], recursive=True)
    assert ["a"] == names([str(tmp_path)])
    assert ["b"] == names([f"{tmp_path}/b.yaml"])


def test_a_pattern_that_is_none_is_told(tmp_path: Path):
    """A .fmctlignore that cannot be understood is a mistake with a place, and leaves nothing out."""
    write(tmp_path / ".fmctlignore", "a\n!\n")

    assert [f"{tmp_path}/.fmctlignore:2:1: FM0019 '!' is not a gitignore pattern"] == told(
        lambda: load([write(tmp_path / "a.yaml").parent.as_posix()])
    )


def test_directories_are_read_without_what_the_caller_leaves_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Files and folders that are left out, however spelled, are no manifests of a directory; by name they are."""
    for name in ("a.yaml", "b.yaml", "overlays/prod/a.yaml", "overlays/test.yaml", "other/overlays/c.yaml"):
        write(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    without = ["overlays/prod/", str(tmp_path / "other" / ".." / "overlays" / "test.yaml"), "b.yaml"]

    assert ["a", "c"] == names(["."], recursive=True, without=without)
    assert ["a"] == names(["overlays/prod"], without=without)


def test_globs_match_manifests(folder: str):
    """A glob matches files, ``**`` at any depth; what is no manifest is left out."""
    assert LETTERS == names([f"{folder}/*"])
    assert ["a", "d"] == names([f"{folder}/**/*.yaml"])


def test_a_file_is_loaded_once(folder: str):
    """A file that several arguments mean is loaded for the first of them."""
    assert ["b", "a"] == names([f"{folder}/b.yml", folder, f"{folder}/./a.yaml"])


def test_a_named_file_is_a_manifest_whatever_its_ending(tmp_path: Path):
    """Only directories and globs look at how a name ends."""
    assert ["manifest"] == names([str(write(tmp_path / "manifest.txt"))])


def test_names_stay_as_the_user_wrote_them(folder: str, monkeypatch: pytest.MonkeyPatch):
    """Messages name files as they were named: relative stays relative."""
    monkeypatch.chdir(folder)

    assert ["a.yaml", "sub/d.yaml"] == [document.file for document in load(["a.yaml", "sub"])]


def test_standard_input_is_a_file(folder: str):
    """``-`` is read once, in its place among the others, and called <stdin>."""
    documents = load([f"{folder}/a.yaml", "-", "-"], stdin=lambda: MANIFEST % "in")

    assert [f"{folder}/a.yaml", "<stdin>"] == [document.file for document in documents]


def test_empty_documents_are_skipped(tmp_path: Path):
    """Nothing between two separators, or a comment, is no document."""
    path = write(tmp_path / "f.yaml", "---\n# nothing\n---\nkind: K\n---\n")

    assert [{"kind": "K"}] == [document.value for document in load([str(path)])]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.yaml", "FM0014 there is no such file or directory"),
        ("*.nothing", "FM0014 no manifest matches"),
        ("fmctl.yaml", "FM0016 fmctl.yaml is the project file, not a manifest"),
        ("bad\0name", "FM0013 cannot be read: not a usable name"),
    ],
)
def test_a_name_that_means_nothing_is_an_error(folder: str, name: str, message: str):
    """Every name that is given has to mean a manifest."""
    assert [f"{folder}/{name}:1:1: {message}"] == told(lambda: load([f"{folder}/{name}", folder]))


def test_an_empty_directory_is_an_error_only_alone(folder: str, tmp_path: Path):
    """A directory without manifests is wrong when there is nothing else."""
    empty = tmp_path / "empty"
    empty.mkdir()

    assert ["a"] == names([str(empty), f"{folder}/a.yaml"])
    assert [f"{empty}:1:1: FM0015 no manifests here"] == told(lambda: load([str(empty)]))


def test_unreadable_files_are_told_with_all_others(tmp_path: Path):
    """What the system says, bytes that are no text, and YAML mistakes of all files come in one run."""
    write(tmp_path / "a.yaml").write_bytes(b"a: 1\nb: \xff\n")
    write(tmp_path / "b.yaml").write_bytes("a: 1".encode("utf-16"))
    write(tmp_path / "c.yaml", "a: 1\na: 2\n")
    (tmp_path / "d.yaml").symlink_to("d.yaml")

    assert [
        f"{tmp_path}/a.yaml:2:4: FM0011 byte 0xff is not UTF-8",
        f"{tmp_path}/b.yaml:1:1: FM0011 the file is UTF-16, not UTF-8",
        f"{tmp_path}/c.yaml:2:1: FM0003 duplicate key 'a', first at line 1, column 1",
        f"{tmp_path}/d.yaml:1:1: FM0013 cannot be read: too many levels of symbolic links",
    ] == told(lambda: load([str(tmp_path)]))


def test_standard_input_that_cannot_be_read_is_told():
    """A directory as standard input, or none at all, is a mistake of the user like any other."""

    def directory() -> str:
        raise IsADirectoryError(21, os.strerror(21))

    assert ["<stdin>:1:1: FM0013 cannot be read: is a directory"] == told(lambda: load(["-"], stdin=directory))
    assert ["<stdin>:1:1: FM0013 there is no standard input to read"] == told(lambda: load(["-"]))


def test_a_manifest_that_begins_without_its_line_is_told_how_to_begin():
    """Of a second `apiVersion` in a document the hint is the line that is missing, of any other key to keep one."""
    with pytest.raises(ManifestError) as caught:
        load_text("apiVersion: v\nkind: A\napiVersion: v\nkind: B\n", "f.yaml")

    assert [
        "put a line `---` before it where the next manifest begins, or keep one of the two",
        "keep one of the two",
    ] == [problem.hint for problem in caught.value.problems]


@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_is_left_as_it_was(folder: str, enabled: bool):
    """Loading switches garbage collection off, and back only if it was on."""
    before = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        load([folder])

        assert enabled == gc.isenabled()
    finally:
        (gc.enable if before else gc.disable)()


# ---------------------------------------------------------------- properties

AGREED = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\u2028\u2029\ufeff"))
"""Text that YAML 1.1, which PyYAML writes, and 1.2 both take for text, unless it looks like a number."""
TEXT = AGREED.filter(lambda text: not re.fullmatch(r"[-+]?[0-9.][0-9oxa-fA-FeE.+-]*", text))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(TEXT, below, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(TEXT, VALUES, max_size=5), st.booleans())
def test_what_is_dumped_is_loaded(content: dict[str, Any], flow: bool):
    """Whatever PyYAML writes is read as it was, wherever the two versions of YAML agree."""
    text = yaml.safe_dump(content, allow_unicode=True, default_flow_style=flow)
    (document,) = load_text(text, "f.yaml")

    assert content == document.value


@given(st.dictionaries(TEXT, VALUES, max_size=5), st.booleans())
def test_marks_point_at_what_they_claim(content: dict[str, Any], flow: bool):
    """At the place of a plain scalar stands the text that its mark gives."""
    text = yaml.safe_dump(content, allow_unicode=True, default_flow_style=flow, width=10_000)
    (document,) = load_text(text, "f.yaml")
    lines = re.split(r"\r\n|\r|\n", text)
    for mark in [*document.keys.values(), *document.values.values()]:
        if mark.text is not None and "\n" not in mark.text:
            stands = lines[mark.line - 1][mark.column - 1 :]

            assert mark.text == stands[: len(mark.text)]


SCALARS = [
    "1",
    "1e-4",
    "~",
    "true",
    "a b",
    "a: b",
    "a #b",
    "a#b",
    "obs://b/k",
    "x:",
    "x :y",
    "[]",
    "a[0]",
    "'q'",
    '"d"',
]
SCALARS += [
    "''",
    "'a''b'",
    '"\\n"',
    "-1",
    "- x",
    "a - b",
    "...",
    "---",
    "&x",
    "*x",
    "!x",
    "|",
    "é",
    "",
    "?",
    "-",
    "'a' b",
    "%",
]
STARTS = st.sampled_from(["", "", "", "- ", "- - ", "-"])
INDENTS = st.sampled_from(["", "", "  ", "  ", "    ", " ", "\t"])
ENTRIES = st.tuples(
    INDENTS, STARTS, st.sampled_from(["a:", "b:", "c.d:", "a: ", "b: ", "k:  ", "null: ", "<<: ", "'a': ", ""])
)
LINES = st.tuples(ENTRIES, st.just("") | st.sampled_from(SCALARS)).map(lambda line: "".join((*line[0], line[1])))
OTHERS = st.sampled_from(["", "  ", "# c", "  # c", "---", "...", "--- a", "#\x07"])
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["a", "a: b", "1", "obs://b/k/", "", "é", "it's", "a\nb"]),
    lambda below: (
        st.lists(below, max_size=4) | st.dictionaries(st.sampled_from(["a", "b-c", "1", "true"]), below, max_size=4)
    ),
    max_leaves=20,
)
TREES = st.dictionaries(st.sampled_from(LETTERS), PLAIN, min_size=1).map(yaml.safe_dump)


def everything(text: str) -> list[Any] | None:
    """All that is known of all documents; None if the text is wrong."""
    try:
        documents = load_text(text, "f.yaml")
    except ManifestError:
        return None
    return [[d.value, dict(d.keys), dict(d.values), written(d.value, d.written)] for d in documents]


def written(value: Any, texts: Any) -> Any:
    """``Document.written`` in the shape of the value instead of by identity."""
    if not isinstance(value, (dict, list)):
        return None
    items = value.items() if isinstance(value, dict) else enumerate(value)
    return dict(texts.get(id(value), {})), [written(item, texts) for _, item in items]


@given(st.lists(TREES | st.lists(LINES | OTHERS, max_size=6).map(lambda lines: "\n".join([*lines, ""])), max_size=3))
def test_the_short_way_and_the_parser_read_the_same(texts: list[str]):
    """A comment that only the parser reads changes nothing: not a value, a place, a source text, or a mistake."""
    text = "---\n".join(texts)

    assert repr(everything(text + "# é\n")) == repr(everything(text))


YAML_LIKE = st.text(st.sampled_from("ab01: -\n\t#&*!|>'\"%@`{}[],?<~.\\x\0é\ufeff\x85"), max_size=60)


def rules_of(action: Callable[[], object]) -> set[str]:
    """The rules that are broken, if any."""
    try:
        action()
    except ManifestError as error:
        return {problem.rule for problem in error.problems}
    return set()


@given(st.text(max_size=60) | YAML_LIKE)
def test_no_text_is_too_strange(text: str):
    """Any text is documents whose places are known, or problems with an id in the table; never another exception."""
    actual = rules_of(lambda: [list(document.values.items()) for document in load_text(text, "f.yaml")])

    assert actual <= set(RULES)


@given(st.binary(max_size=60))
def test_no_bytes_are_too_strange(tmp_path_factory: pytest.TempPathFactory, content: bytes):
    """Any file is documents or problems, never another exception."""
    path = tmp_path_factory.getbasetemp() / "bytes.yaml"
    path.write_bytes(content)

    assert rules_of(lambda: load([str(path)])) <= set(RULES)


def test_without_libyaml_the_same_is_read():
    """PyYAML without its C library reads the same values at the same places, and tells the same mistakes."""
    text = "a: &x 1e-4\nb: [*x, 'é']\nc: |\n  text\n---\na: 1\na: 2\n---\nb: 'x\n"
    script = (
        "import sys; sys.modules['yaml._yaml'] = None\n"
        "from fmctl.load import load_text\n"
        f"text = {text!r}\n"
        "(document,) = load_text(text.partition('---')[0], 'f.yaml')\n"
        "print(document.value, dict(document.keys), dict(document.values))\n"
        "for text in (text, r'a: \"\\ud83d\"'):\n"
        "    try:\n        load_text(text, 'f.yaml')\n"
        "    except Exception as error:\n        print([(p.rule, p.source.line) for p in error.problems])\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True)
    (document,) = load_text(text.partition("---")[0], "f.yaml")
    values = f"{document.value} {dict(document.keys)} {dict(document.values)}"
    broken = [[(problem.rule, problem.source.line) for problem in problems(each)] for each in (text, r'a: "\ud83d"')]

    assert [values, *map(str, broken)] == ran.stdout.splitlines()
