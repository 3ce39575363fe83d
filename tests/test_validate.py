"""Validation: what is accepted, as what, and how every mistake is told."""

import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path as File
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fmctl.domain.problem import ManifestError, Problem
from fmctl.domain.resource import Document, Path, Resource, ResourceId, Spec
from fmctl.kinds import KINDS
from fmctl.kinds.base import Identity, Reference
from fmctl.load import load, load_text
from fmctl.rules import RULES
from fmctl.settings import read_project
from fmctl.sources import Sources, check
from fmctl.validate import checked, document_schema, validate

ROOT = File(__file__).parents[1]
FREE = {"type": ["string", "number", "boolean", "null"]}
SOURCE = {
    "type": "object",
    "properties": {"env": {"type": "string"}},
    "additionalProperties": False,
    "minProperties": 1,
}


class Recipe:
    """A kind as validation sees one: its schema, and its rules."""

    name = "Recipe"
    spec_schema: Mapping[str, Any] = {
        "type": "object",
        "required": ["title"],
        "properties": {
            "title": {"type": "string", "minLength": 1, "maxLength": 20},
            "servings": {"type": "integer", "minimum": 1, "maximum": 20},
            "level": {"enum": ["easy", "hard"]},
            "vegan": {"type": "boolean"},
            "after": {"type": "string"},
            "photo": {"type": "string"},
            "negative": {"type": "string"},
            "page": {"type": "string"},
            "time": {"type": "string", "pattern": "^[0-9]+m$", "x-message": "time is minutes", "x-hint": "write 20m"},
            "settings": {"type": "object", "additionalProperties": {"anyOf": [FREE, {"$ref": "#/$defs/secret"}]}},
            "steps": {
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "required": ["name"],
                    "properties": {"name": {"type": "string"}, "minutes": {"type": "integer"}},
                    "additionalProperties": False,
                },
            },
            "tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
            "heat": {
                "oneOf": [
                    {
                        "type": "object",
                        "required": ["oven", "minutes"],
                        "properties": {"oven": {"type": "integer"}, "minutes": {"type": "integer"}},
                        "additionalProperties": False,
                    },
                    {
                        "type": "object",
                        "required": ["pan"],
                        "properties": {"pan": {"type": "string"}, "fat": {"$ref": "#/$defs/fat"}},
                        "additionalProperties": False,
                    },
                ]
            },
            "serve": {
                "type": "object",
                "properties": {"warm": {"type": "boolean"}, "cold": {"type": "boolean"}},
                "oneOf": [{"required": ["warm"]}, {"required": ["cold"]}],
                "x-message": "a dish is served warm or cold",
                "additionalProperties": False,
            },
            "rest": {"anyOf": [{"type": "integer"}, {"type": "array", "items": {"type": "integer"}}]},
        },
        "dependentRequired": {"photo": ["title", "level"]},
        "additionalProperties": False,
        "$defs": {
            "fat": {"enum": ["oil", "butter"]},
            "secret": {
                "type": "object",
                "properties": {"value": FREE, "valueFrom": SOURCE},
                "minProperties": 1,
                "maxProperties": 1,
                "additionalProperties": False,
            },
        },
    }

    def references(self, spec: Spec) -> Iterator[Reference]:
        if "after" in spec:
            yield Reference(("spec", "after"), ResourceId("Recipe", spec["after"]))

    def local_paths(self, spec: Spec) -> Iterator[Path]:
        if "photo" in spec:
            yield ("spec", "photo")

    def programs(self, spec: Spec) -> Iterator[tuple[Path, Path]]:
        if "negative" in spec:
            yield ("spec", "negative"), ("spec", "photo")

    def text_maps(self, spec: Spec) -> Iterator[Path]:
        if "settings" in spec:
            yield ("spec", "settings")

    def identities(self, resource: Resource) -> Iterator[Identity]:
        if "page" in resource.spec:
            yield Identity((resource.spec["page"],), ("spec", "page"), "FM0998", "that page", "turn the page")

    def check(self, resource: Resource, others: Mapping[ResourceId, Resource], set_name: str) -> Iterator[Problem]:
        if resource.spec.get("title") == set_name:
            yield Problem(resource.source("spec", "title"), "FM0999", f"{len(others)} recipes, and one like the set")


RECIPES = {"Recipe": Recipe()}
HEAD = "apiVersion: fmctl/v1\nkind: Recipe\nmetadata: {name: %s}\nspec:\n  title: Soup\n"


def recipe(spec: str = "", name: str = "soup") -> str:
    """A manifest whose own part of the spec begins in line 6, column 3."""
    return HEAD % name + "".join(f"  {line}\n" for line in spec.splitlines())


def valid(*texts: str, **options: Any) -> tuple[Resource, ...]:
    documents = [document for text in texts for document in load_text(text, "m/f.yaml")]
    return validate(documents, RECIPES, **options)


def spec_of(spec: str, **options: Any) -> Mapping[str, Any]:
    (resource,) = valid(recipe(spec), **options)
    return resource.spec


def told(*texts: str, **options: Any) -> list[str]:
    """Everything that is wrong, without the name of the file, hints on the same line."""
    with pytest.raises(ManifestError) as caught:
        valid(*texts, **options)
    lines = [str(problem).replace("\n  hint: ", " | ") for problem in caught.value.problems]
    return [line.removeprefix("m/f.yaml:") for line in lines]


# ------------------------------------------------------------------ accepted


def test_a_valid_document_becomes_a_resource():
    """A resource has its id, its labels and its spec, and remembers its document."""
    text = "apiVersion: fmctl/v1\nkind: Recipe\nmetadata: {name: soup, labels: {v: 1.10}}\nspec: {title: 0755}\n"
    (resource,) = valid(text)

    assert ResourceId("Recipe", "soup") == resource.id
    assert {"v": "1.10"} == resource.labels
    assert {"title": "0755"} == resource.spec
    assert {"title": 755} == resource.document.value["spec"]
    assert 4 == resource.source("spec", "title").line


@pytest.mark.parametrize("text", ["1e-4", "0.010", "true", "1.10", "0x1F", ".inf", "12", "'12'", "2026-01-01"])
def test_where_text_is_wanted_the_source_is_the_value(text: str):
    """A plain scalar arrives as it is written wherever the schema wants text, also in lists, references and aliases."""
    spec = spec_of(f"time: &t 5m\nsettings: {{a: &x {text}, b: *x, c: {{value: {text}}}}}\ntags: [*x]")
    written = text.strip("'")

    assert {"a": written, "b": written, "c": {"value": written}} == spec["settings"]
    assert [written] == spec["tags"]


@pytest.mark.parametrize("text", ["null", "~", ""])
def test_in_free_maps_null_is_text(text: str):
    """Where any scalar is welcome, null and nothing are what is written."""
    assert {"a": text} == spec_of(f"settings:\n  a: {text}")["settings"]


def test_what_is_not_text_keeps_its_type():
    """Only text is read as written: numbers, truth and structure keep the types that YAML gives them."""
    spec = spec_of("servings: 4\nvegan: true\nrest: [1]\nsteps: [{name: 1, minutes: 2}]\nheat: {oven: 180, minutes: 9}")

    assert (4, True, [1]) == (spec["servings"], spec["vegan"], spec["rest"])
    assert [{"name": "1", "minutes": 2}] == spec["steps"]
    assert {"oven": 180, "minutes": 9} == spec["heat"]


# ------------------------------------------------------------------ the spec


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("servngs: 4", "6:3: FM0104 unknown key 'servngs' | did you mean servings?"),
        ("SERVINGS: 4", "6:3: FM0104 unknown key 'SERVINGS' | did you mean servings?"),
        ("minutes: 5", "6:3: FM0104 unknown key 'minutes' | did you mean spec.heat.minutes?"),
        ("pan: big", "6:3: FM0104 unknown key 'pan' | did you mean spec.heat.pan?"),
        ("valueFrom: {}", "6:3: FM0104 unknown key 'valueFrom' | known keys: after"),
        ("steps: [{name: a, vegan: true}]", "6:21: FM0104 unknown key 'vegan' | did you mean spec.vegan?"),
        ("labels: {a: b}", "6:3: FM0104 unknown key 'labels' | did you mean metadata.labels?"),
        ("steps: [{name: a, x: 1}]", "6:21: FM0104 unknown key 'x' | known keys: minutes, name"),
        ("steps: [{minutes: 3}]", "6:11: FM0105 missing key 'name' in spec.steps[0]"),
        ("steps: [{nam: a}]", "6:12: FM0104 unknown key 'nam' | did you mean name?"),
        ("servings: four", "6:13: FM0106 spec.servings must be a whole number, not text"),
        ("servings: '4'", "6:13: FM0106 spec.servings must be a whole number, not text | write 4 without quotes"),
        ("servings: 1.5", "6:13: FM0106 spec.servings must be a whole number, not a number"),
        ("vegan: yes", "6:10: FM0106 spec.vegan must be true or false, not text | YAML 1.2 knows true and false only"),
        ("tags: a", "6:9: FM0106 spec.tags must be a list, not text"),
        ("after: [a]", "6:10: FM0106 spec.after must be text, not a list"),
        ("after: {a: b}", "6:10: FM0106 spec.after must be text, not a map"),
        ("settings: {a: [1]}", "6:17: FM0106 spec.settings.a must be text or a map, not a list"),
        ("rest: soon", "6:9: FM0106 spec.rest must be a whole number or a list, not text"),
        ("level: esay", "6:10: FM0107 spec.level must be one of easy or hard, not 'esay' | did you mean easy?"),
        ("time: 2h", "6:9: FM0108 time is minutes | write 20m"),
        ("servings: 40", "6:13: FM0109 spec.servings must be at most 20, not 40"),
        ("steps: []", "6:10: FM0109 spec.steps has 0 items; at least 1"),
        ("tags: [a, b, a]", "6:9: FM0109 spec.tags lists the same thing twice"),
        ("settings: {a: {}}", "6:17: FM0109 spec.settings.a has 0 keys; at least 1"),
        ("serve: {}", "6:3: FM0110 a dish is served warm or cold"),
        ("serve: {warm: true, cold: true}", "6:3: FM0110 a dish is served warm or cold"),
        ("serve: {worm: true}", "6:11: FM0104 unknown key 'worm' | did you mean warm?"),
        ("heat: {}", "6:3: FM0110 spec.heat needs exactly one of oven and minutes or pan"),
        ("heat: {ovn: 180}", "6:10: FM0104 unknown key 'ovn' | did you mean oven?"),
        ("heat: {oven: 180}", "6:3: FM0105 missing key 'minutes' in spec.heat"),
        ("heat: {oven: hot, minutes: 3}", "6:16: FM0106 spec.heat.oven must be a whole number, not text"),
        ("heat: {pan: big, minutes: 3, fat: oil}", "6:20: FM0110 'minutes' does not go with fat and pan"),
        ("heat: {pan: big, fat: oli}", "6:25: FM0107 spec.heat.fat must be one of oil or butter, not 'oli' "),
        ("heat: {pan: big, salt: 1}", "6:20: FM0104 unknown key 'salt' | known keys: fat, pan"),
        ("settings: {a: {valueFrm: {}}}", "6:18: FM0104 unknown key 'valueFrm' | did you mean valueFrom?"),
        ("settings: {a: {valueFrom: {evn: A}}}", "6:30: FM0104 unknown key 'evn' | did you mean env?"),
        ("photo: .", "6:3: FM0110 'photo' needs level"),
        (
            "after:",
            '6:9: FM0111 spec.after is empty | quote it ("null", "") if that text is meant, or leave the key out',
        ),
        (
            "after: ~",
            '6:10: FM0111 spec.after is empty | quote it ("null", "") if that text is meant, or leave the key',
        ),
        ("servings:", "6:12: FM0111 spec.servings is empty | give it a value, or leave the key out"),
        ("settings:", "6:12: FM0111 spec.settings is empty | indent its keys below it, or leave the key out"),
        ("level:", "6:9: FM0111 spec.level is empty | choose easy or hard"),
    ],
)
def test_every_mistake_in_a_spec_is_told_once(spec: str, expected: str):
    """A mistake is one problem: the key's place for keys, the value's for values, the parent's for what is missing."""
    (actual,) = told(recipe(spec))

    assert actual.startswith(expected.rstrip())


def test_a_pattern_ends_where_the_text_ends():
    """The validator that decides is stricter than the one that explains; its verdict stands, explained or not."""
    assert [["FM0108"], ["FM0112"]] == [
        re.findall(r"FM\d+", told(recipe(f'time: "{text}"'))[0]) for text in ("5", "5m\\n")
    ]


# ------------------------------------------------------------- the envelope


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "apiVersion: v1\nkind: Recipe\nmetadata: {name: a}\nspec: {title: a}\n",
            ["1:13: FM0101 apiVersion must be fmctl/v1 | write apiVersion: fmctl/v1"],
        ),
        (
            "kind: Recipe\nmetadata: {name: a}\nspec: {title: a}\n",
            ["1:1: FM0105 missing key 'apiVersion' | write apiVersion: fmctl/v1"],
        ),
        (
            "apiVersion: fmctl/v1\nkind: Recpie\nmetadata: {name: a}\nspec: {titel: a}\n",
            ["2:7: FM0102 unknown kind 'Recpie' | did you mean Recipe?"],
        ),
        (
            "apiVersion: fmctl/v1\nkind: recipe\nmetadata: {nam: a}\nspec: {}\n",
            [
                "2:7: FM0102 unknown kind 'recipe' | did you mean Recipe?",
                "3:12: FM0104 unknown key 'nam' | did you mean name?",
            ],
        ),
        (
            "apiVersion: fmctl/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {}\n",
            ["2:7: FM0102 unknown kind 'Deployment' | known kinds: Recipe"],
        ),
        (
            "apiVersion: fmctl/v1\nkind: {a: b}\nmetadata: {name: a}\nspec: {}\n",
            ["2:7: FM0102 kind must be the name of a kind | known kinds: Recipe"],
        ),
        (
            "apiVersion: fmctl/v1\nmetadata: {name: a}\nspec: {title: a}\n",
            ["1:1: FM0105 missing key 'kind' | for example kind: Recipe"],
        ),
        (
            "apiVersion: fmctl/v1\nkind: Recipe\nmetadata:\nspec: {title: a}\n",
            ["3:10: FM0111 metadata is empty | indent its keys below it, or leave the key out"],
        ),
        (
            "apiVersion: fmctl/v1\nkind: Recipe\nmetadata: {labels: {a: [b]}}\nspec: {title: a}\n",
            [
                "3:1: FM0105 missing key 'name' in metadata",
                "3:24: FM0106 metadata.labels.a must be text, not a list",
            ],
        ),
        (
            "apiVersion: fmctl/v1\nkind: Recipe\nmetdata: {name: a}\nspec: {title: a}\nextra: 1\n",
            [
                "3:1: FM0104 unknown key 'metdata' | did you mean metadata?",
                "5:1: FM0104 unknown key 'extra' | known keys: apiVersion, kind, metadata, spec",
            ],
        ),
    ],
)
def test_every_mistake_around_the_spec_is_told(text: str, expected: list[str]):
    """The frame of a document is checked like its spec, whatever its kind."""
    assert expected == told(text)


@pytest.mark.parametrize("name", ["A", "a_b", "-a", "a-", "a.b", "a" * 49, '""', "'a\\n'"])
def test_names_are_short_and_plain(name: str):
    """A name that no platform would take is refused as a name."""
    (actual,) = told(recipe(name=name))

    assert actual.startswith("3:18: FM0103 a name is 1 to 48 of a-z, 0-9 and '-'")


@pytest.mark.parametrize("name", ["a", "0", "a-b", "a" * 48, "007"])
def test_names_may_look_like_numbers(name: str):
    """A name is text as it is written."""
    (resource,) = valid(recipe(name=name))

    assert name == resource.name


def test_all_documents_tell_all_their_mistakes():
    """One run tells every mistake of every document, and rules about the set go on for the documents that are valid."""
    assert [
        "6:3: FM0104 unknown key 'x'",
        "7:3: FM0104 unknown key 'y'",
        "14:10: FM0202 there is no Recipe/none in this set",
    ] == [line.split(" | ")[0] for line in told(recipe("x: 1\ny: 2") + "---\n" + recipe("after: none", "b"))]


# ---------------------------------------------------------- defaults, overlays


def test_defaults_fill_what_a_manifest_leaves_out():
    """Maps are merged, lists and scalars of the manifest replace the default."""
    defaults = {"Recipe": {"servings": 4, "tags": ["x"], "settings": {"a": "1", "b": "2"}, "time": "5m"}}
    spec = spec_of("tags: [y]\nsettings: {b: 3}\ntime: 9m", defaults=defaults)

    assert {"title": "Soup", "servings": 4, "tags": ["y"], "settings": {"a": "1", "b": "3"}, "time": "9m"} == spec


def project(defaults: str) -> tuple[Mapping[str, Any], Document]:
    (document,) = load_text(f"set: s\ndefaults:\n  Recipe: {defaults}\n", "fmctl.yaml")
    return document.value["defaults"], document


def test_defaults_are_text_as_written():
    """With the project's document at hand its scalars arrive as written; without it, as YAML would write them."""
    defaults, document = project("{settings: {lr: 1e-4, on: true, none: ~}}")

    assert {"lr": "1e-4", "on": "true", "none": "~"} == spec_of("", defaults=defaults, project=document)["settings"]
    assert {"lr": "0.0001", "on": "true", "none": ""} == spec_of("", defaults=defaults)["settings"]


def test_mistakes_in_defaults_are_told_once_where_they_are():
    """A default that is wrong is one mistake of the project file, however many manifests it reaches."""
    defaults, document = project("{servngs: 1}\n  Recpie: {}")

    assert [
        "fmctl.yaml:3:12: FM0104 unknown key 'servngs' | did you mean servings?",
        "fmctl.yaml:4:3: FM0102 defaults for an unknown kind 'Recpie' | did you mean Recipe?",
    ] == told(recipe(name="a"), recipe(name="b"), defaults=defaults, project=document)


def overlay(spec: str, name: str = "soup") -> Sequence[Document]:
    text = f"apiVersion: fmctl/v1\nkind: Recipe\nmetadata: {{name: {name}}}\nspec: {{{spec}}}\n"
    return load_text(text, "o/o.yaml")


def test_overlays_are_merged_over_the_manifest():
    """Maps are merged, lists of named items by name, other lists replaced; null takes a key away."""
    base = "servings: 4\ntags: [a, b]\ntime: 5m\nsteps: [{name: cut, minutes: 1}, {name: cook, minutes: 2}]"
    over = "servings: 6, tags: [c], time: ~, settings: {a: 1e-4}, steps: [{name: cook, minutes: 3}, {name: eat}]"
    spec = spec_of(base, overlays=overlay(over))

    assert {
        "title": "Soup",
        "servings": 6,
        "tags": ["c"],
        "settings": {"a": "1e-4"},
        "steps": [{"name": "cut", "minutes": 1}, {"name": "cook", "minutes": 3}, {"name": "eat"}],
    } == spec


def test_mistakes_in_overlays_are_told_where_they_are():
    """What an overlay brought stands in the overlay, what the manifest says in the manifest."""
    over = overlay("servngs: 6, steps: [{name: cook, minutes: x}]")

    assert [
        "7:3: FM0104 unknown key 'tgas' | did you mean tags?",
        "o/o.yaml:4:8: FM0104 unknown key 'servngs' | did you mean servings?",
        "o/o.yaml:4:50: FM0106 spec.steps[1].minutes must be a whole number, not text",
    ] == told(recipe("steps: [{name: cut}, {name: cook}]\ntgas: []"), overlays=over)


def test_a_rule_of_the_kind_is_told_where_the_value_stands():
    """In an overlay or among the defaults, as a mistake that the schema sees."""
    defaults, document = project("{title: s}")
    bare = [recipe("servings: 4", name=name).replace("  title: Soup\n", "") for name in ("a", "b")]

    assert ["o/o.yaml:4:15: FM0999 1 recipes, and one like the set"] == told(
        recipe(), overlays=overlay("title: s"), set_name="s"
    )
    assert ["fmctl.yaml:3:19: FM0999 2 recipes, and one like the set"] == told(
        *bare, defaults=defaults, project=document, set_name="s"
    )


def test_an_overlay_needs_a_manifest():
    """An overlay that changes nothing is a mistake."""
    (nameless,) = load_text("kind: Recipe\n", "o/p.yaml")

    assert [
        "o/o.yaml:3:18: FM0205 an overlay for Recipe/suop, which is not declared | did you mean soup?",
        "o/p.yaml:1:1: FM0205 an overlay needs kind and metadata.name | name the manifest that it changes",
    ] == told(recipe(), overlays=[*overlay("", "suop"), nameless])


# ------------------------------------------------------------------- the set


def test_an_identity_belongs_to_one_resource():
    """What a kind says that only one resource may have is told at the second, naming the first."""
    texts = [recipe("page: 7", name) for name in ("soup", "stew")]

    assert ["13:9: FM0998 Recipe/soup has that page already (m/f.yaml:1:1) | turn the page"] == told(
        "---\n".join(texts)
    )


def test_a_resource_is_declared_once():
    """Two documents of one kind and name are a mistake that names both places."""
    (actual,) = told(recipe() + "---\n" + recipe())

    assert actual.startswith("9:18: FM0201 Recipe/soup is declared twice, first at m/f.yaml:3:18 | rename one of them")


@pytest.mark.parametrize("count", [3, 300])
@pytest.mark.parametrize("typo", ["suop-001", "soup001", "SOUP-001"])
def test_suggestions_come_from_small_and_large_sets(typo: str, count: int):
    """A typo at either end of a name is recognised, however many names there are."""
    soups = [recipe(name=f"soup-{number:03}") for number in range(1, count)]
    (actual,) = told(recipe(f"after: {typo}", "cake"), *soups)

    assert actual == f"6:10: FM0202 there is no Recipe/{typo} in this set | did you mean soup-001?"


def test_references_name_declared_resources():
    """A reference to nothing is a mistake, with the name that was probably meant."""
    assert ["6:10: FM0202 there is no Recipe/suop in this set | did you mean soup?"] == told(
        recipe("after: suop", "cake"), recipe()
    )


@pytest.mark.parametrize(
    "target",
    [
        recipe("x: 1"),
        recipe().replace("Recipe", "Recpie"),
        recipe().replace("Recipe", "Deployment"),
        recipe().replace("kind: Recipe\n", ""),
        recipe().replace("fmctl/v1", "v1"),
    ],
)
def test_a_target_that_is_wrong_is_still_a_target(target: str):
    """What is wrong with one document is no mistake of those that refer to it."""
    (actual,) = told(recipe("after: soup", "cake"), target)

    assert "FM0202" not in actual


@pytest.mark.parametrize(
    ("photo", "negative", "expected"),
    [
        ("album", "soup.py", "valid"),
        ("album", "2026/soup.py", "valid"),
        ("album", "soop.py", "8:13: FM0206 there is no soop.py in album | did you mean soup.py?"),
        ("album", "album/soup.py", "8:13: FM0206 there is no album/soup.py in album | write it as seen from the fol"),
        ("album", "./soup.py", "8:13: FM0206 there is no ./soup.py in album | write it as seen from the folder: soup"),
        ("album", "../f.yaml", "8:13: FM0206 there is no ../f.yaml in album | it has soup.py"),
        ("album", "2026", "8:13: FM0206 there is no 2026 in album | it has soup.py"),
        ("album/soup.py", "soup.py", "7:10: FM0206 album/soup.py is a file, not a folder | write photo: album and neg"),
        ("nothing", "soup.py", "7:10: FM0203 nothing does not exist"),
    ],
)
def test_a_program_is_in_its_folder(tmp_path: File, photo: str, negative: str, expected: str):
    """What is started is a file of the folder that is uploaded, written as seen from there."""
    (tmp_path / "album/2026").mkdir(parents=True)
    for name in ("f.yaml", "album/soup.py", "album/2026/soup.py"):
        (tmp_path / name).touch()
    text = recipe(f"level: easy\nphoto: {photo}\nnegative: {negative}")
    try:
        validate(load_text(text, str(tmp_path / "f.yaml")), RECIPES)
        actual = "valid"
    except ManifestError as error:
        [problem] = error.problems
        actual = str(problem).removeprefix(f"{tmp_path}/f.yaml:").replace("\n  hint: ", " | ")

    assert actual.startswith(expected)


@pytest.mark.parametrize("written", ["First_Soup", "first soup", "FIRST-SOUP"])
def test_a_name_that_is_none_causes_no_other_mistake(written: str):
    """What refers to a manifest whose name is refused is told nothing: its name will be the one that is advised."""
    (actual,) = told(recipe(name=written), recipe("after: first-soup", name="next"))

    assert actual.endswith("| write first-soup")


def test_a_manifest_without_a_name_causes_no_other_mistake():
    """Where a manifest does not tell its name, it may be the one that another refers to."""
    nameless = recipe().replace("metadata", "metdata")

    assert ["3:1: FM0104 unknown key 'metdata' | did you mean metadata?"] == told(nameless, recipe("after: x", "next"))


def test_local_paths_are_relative_to_their_manifest(tmp_path: File):
    """A path means what it means in the directory of the manifest that says it; nothing there is a mistake."""
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "photo.png").touch()
    (tmp_path / "m" / "link.png").symlink_to("gone.png")
    for name in ("photo", "nothing", "link"):
        (tmp_path / "m" / f"{name}.yaml").write_text(recipe(f"level: easy\nphoto: ./{name}.png", name))
    with pytest.raises(ManifestError) as caught:
        validate(load([str(tmp_path / "m")]), RECIPES)

    assert [
        ("link.yaml", 7, 10, "./link.png is a link to nothing"),
        ("nothing.yaml", 7, 10, "./nothing.png does not exist"),
    ] == [
        (File(problem.source.file).name, problem.source.line, problem.source.column, problem.message)
        for problem in caught.value.problems
    ]


SECRET_KEYS = ["DB_PASSWORD", "passwd", "My_Secret_Key", "TOKEN", "HF_TOKEN", "CREDENTIALS", "AWS_ACCESS_KEY"]
SECRET_KEYS += ["SSH_PRIVATE_KEY", "x_api_key", "APIKEY_CREDENTIAL_FILE"]


@pytest.mark.parametrize("key", SECRET_KEYS)
def test_literal_secrets_are_refused(key: str):
    """A literal under a key that names a secret is refused, with the way out, and is never shown."""
    (actual,) = told(recipe(f"settings: {{{key}: hunter2}}"))

    assert f"FM0204 a literal value under '{key}', which names a secret | write {key}: {{valueFrom:" in actual
    assert "hunter2" not in actual


@pytest.mark.parametrize("key", ["TOKENS", "KEY", "TOKENIZER", "SECRETARY", "ACCESS_KEY_ID", "PASSWORDLESS"])
def test_other_keys_may_have_literals(key: str):
    """A key that only looks a little like a secret's is a key like any other."""
    assert {key: "x"} == spec_of(f"settings: {{{key}: x}}")["settings"]


def test_a_secret_may_be_a_reference_or_insisted_on():
    """``valueFrom`` names where a secret is; ``value`` says that it is none."""
    settings = spec_of("settings: {MY_TOKEN: {valueFrom: {env: T}}, PAD_TOKEN: {value: 0}}")["settings"]

    assert {"MY_TOKEN": {"valueFrom": {"env": "T"}}, "PAD_TOKEN": {"value": "0"}} == settings


@given(
    st.recursive(st.just("hunter2"), lambda v: st.lists(v) | st.dictionaries(st.sampled_from("ab"), v), max_leaves=4)
)
def test_nothing_under_a_secret_key_is_ever_shown(value: Any):
    """Whatever is wrong with a secret, its value is not in the message."""
    spec = {"settings": {"DB_PASSWORD": value}, "time": {"DB_PASSWORD": value}, "level": {"DB_PASSWORD": value}}

    assert "hunter2" not in "".join(told(recipe(yaml.safe_dump(spec))))


def test_a_kind_has_rules_of_its_own():
    """The kind's rules see the resource, all valid others and the name of the set."""
    assert ["5:10: FM0999 2 recipes, and one like the set"] == told(
        recipe(name="a"), recipe(name="b").replace("Soup", "Tart"), set_name="Tart"
    )


# ----------------------------------------------------------------- and besides


def test_other_documents_can_be_checked():
    """A document that is no manifest is checked by any schema, with text as written."""
    schema = {"type": "object", "properties": {"set": {"type": "string"}}, "additionalProperties": False}
    good, bad = load_text("set: 1.10\n---\nste: 1\n", "fmctl.yaml")
    with pytest.raises(ManifestError) as caught:
        checked(bad, schema)

    assert {"set": "1.10"} == checked(good, schema)
    assert "fmctl.yaml:3:1: FM0104 unknown key 'ste'\n  hint: did you mean set?" == str(caught.value)


@pytest.mark.parametrize("kind", [*RECIPES.values(), *KINDS.values()], ids=lambda kind: kind.name)
def test_document_schemas_are_schemas(kind: Any):
    """A document's schema is valid Draft 2020-12, names its kind, and finds its definitions."""
    schema = document_schema(kind)
    jsonschema.Draft202012Validator.check_schema(schema)

    assert "https://json-schema.org/draft/2020-12/schema" == schema["$schema"]
    assert f"urn:fmctl:v1:{kind.name}" == schema["$id"]
    assert {"const": kind.name} == schema["properties"]["kind"]
    assert kind.spec_schema.get("$defs", {}) == schema.get("$defs", {})


def test_validation_imports_nothing_that_talks_or_prints():
    """Validating a valid manifest loads neither a client, a command line, the sandbox nor the explaining library."""
    script = (
        "import sys\n"
        "from fmctl.kinds import KINDS\nfrom fmctl.load import load_text\nfrom fmctl.validate import validate\n"
        f"validate(load_text({VERSION!r}, 'f.yaml'), KINDS)\n"
        "heavy = {'httpx', 'typer', 'rich', 'deepdiff', 'jsonschema', 'fmctl.sandbox', 'fmctl.modelarts'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True)

    assert "[]\n" == ran.stdout


VERSION = """
apiVersion: fmctl/v1
kind: ModelVersion
metadata: {name: digits-1-0-0}
spec: {model: digits, version: 1.0.0, type: PyTorch, source: {from: obs://bucket/model/}}
"""


def test_the_example_is_valid():
    """The manifests that ship with fmctl are valid with their project's defaults."""
    settings = read_project(ROOT / "manifests" / "fmctl.yaml")
    documents = load([str(ROOT / "manifests")])
    resources = validate(documents, KINDS, set_name=settings.set, defaults=settings.defaults, project=settings.document)

    assert len(documents) == len(resources) > 0


def test_a_whole_set_is_read_recursively(tmp_path: File):
    """What lies below the manifests, overlays or what .fmctlignore names, is not mistaken for manifests."""
    (tmp_path / "overlays").mkdir()
    (tmp_path / "fmctl.yaml").write_text("set: demo\noverlays: {prod: overlays}\n")
    (tmp_path / "version.yaml").write_text(VERSION)
    (tmp_path / "overlays" / "version.yaml").write_text(VERSION)
    (tmp_path / "settings.yaml").write_text("seed: 1\n")
    sources = Sources([str(tmp_path)], recursive=True)
    project = read_project(tmp_path / "fmctl.yaml")

    with pytest.raises(ManifestError, match=r"settings.yaml:1:1: FM0102 this is no manifest.*(\n.*)*\.fmctlignore"):
        check(sources, project)
    (tmp_path / ".fmctlignore").write_text("settings.yaml\n")

    assert ["digits-1-0-0"] == [resource.name for resource in check(sources, project)]


def test_generated_manifests_are_valid():
    """What the benchmarks measure is valid, and their set is closed."""
    spec = importlib.util.spec_from_file_location("generate", ROOT / "benchmarks" / "generate.py")
    assert spec
    assert spec.loader
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    text = "---\n".join(map(generate.text, generate.manifests(40)))

    assert 40 == len(validate(load_text(text, "f.yaml"), KINDS))


TEXTS = st.sampled_from(["", "5m", "easy", "soup", "~", "\n", "5m\n"])
SCALARS = st.none() | st.booleans() | st.integers(-3, 30) | TEXTS
KEYS = st.sampled_from([*Recipe.spec_schema["properties"], "titel", "name", "oven", "minutes", "pan", "warm", "a"])
ANY = st.recursive(SCALARS, lambda v: st.lists(v, max_size=3) | st.dictionaries(KEYS, v, max_size=4), max_leaves=12)


@given(ANY)
def test_whatever_is_refused_is_explained(spec: Any):
    """What is accepted satisfies the schema, and every refusal has words and a place in the file."""
    text = yaml.safe_dump({"apiVersion": "fmctl/v1", "kind": "Recipe", "metadata": {"name": "soup"}, "spec": spec})
    try:
        resources = valid(text)
    except ManifestError as error:
        problems = error.problems
    else:
        problems = ()
        jsonschema.validate(resources[0].spec, Recipe.spec_schema)
    lines = text.splitlines()

    assert all(problem.rule in RULES and problem.message for problem in problems)
    assert all(problem.source.column <= len(lines[problem.source.line - 1]) + 1 for problem in problems)
    assert len(problems) == len({(problem.source, problem.message) for problem in problems})


def test_a_manifest_that_its_schema_refuses_is_looked_through(tmp_path: File) -> None:
    """An unknown key hides neither a dangling reference nor a missing folder nor a literal secret."""
    (tmp_path / "job.yaml").write_text(
        "apiVersion: fmctl/v1\nkind: TrainingJob\nmetadata: {name: a}\nspec:\n"
        "  algorthm: {id: x}\n"
        "  algorithm: {code: ./nowhere, bootFile: t.py, engine: {id: e}}\n"
        "  env: {MY_TOKEN: abc}\n"
        "  inputs:\n  - {name: x, jobRef: nobody, output: o}\n"
        "  resources: {flavor: f}\n"
    )
    with pytest.raises(ManifestError) as caught:
        validate(load([str(tmp_path / "job.yaml")]), KINDS)

    assert [5, 6, 7, 9] == [problem.source.line for problem in caught.value.problems]
