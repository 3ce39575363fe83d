"""The words for every rule: its examples are true."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from declared import Manifest, job, model, service

from fmctl.cli.app import run
from fmctl.rules import RULES

WITH_EXAMPLES = sorted(code for code, rule in RULES.items() if rule.wrong)
BASE = (
    job("digits", algorithm={**job()["spec"]["algorithm"], "code": "./code"}),
    model("digits-1-0-0", source={"jobRef": "digits", "output": "train_url"}),
    service("digits"),
)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A set that is right, and that nothing has read yet."""
    (tmp_path / ".git").mkdir()  # the end of the search for fmctl.yaml
    for folder in ("manifests/code", "manifests/data", "code"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "manifests/code/train.py").write_text("")
    (tmp_path / "manifests/fmctl.yaml").write_text("set: digits\n")
    (tmp_path / "manifests/all.yaml").write_text(yaml.safe_dump_all(BASE))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("code", WITH_EXAMPLES)
def test_what_is_wrong_breaks_the_rule(code: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A manifest with the example that is called wrong is refused by that rule, and by no other."""
    exit_code = validated(RULES[code].wrong, here, as_it_is=code < "FM0100")
    told = capsys.readouterr().err

    assert (2, {code}) == (exit_code, {word for word in told.split() if word in RULES})


@pytest.mark.parametrize("code", WITH_EXAMPLES)
def test_what_is_right_is_valid(code: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A manifest with the example that is called right is valid."""
    exit_code = validated(RULES[code].right, here)

    assert (0, "") == (exit_code, capsys.readouterr().err)


def validated(example: str, here: Path, *, as_it_is: bool = False) -> int:
    """Validate a set with an example in it, or carry out an example that is a command; the exit code."""
    if example.startswith("$ fmctl "):
        return run(example.removeprefix("$ fmctl ").split())
    text = example if as_it_is else yaml.safe_dump_all(completed(example), sort_keys=False)
    (here / "manifests/all.yaml").write_text(text)
    return run(["validate", "-f", "manifests"])


def completed(example: str) -> list[Manifest]:
    """The manifests of an example with what it leaves out, and those that it leaves out."""
    shown = list(yaml.safe_load_all(example))
    bases = {base["kind"]: base for base in BASE}
    made = [merged(bases.get(one.get("kind"), BASE[0]), one) for one in shown]
    kinds = {(one.get("kind"), one["metadata"]["name"]) for one in made}
    return made + [base for base in BASE if not replaced(base, kinds)]


def replaced(base: Manifest, made: set[tuple[str, str]]) -> bool:
    """Whether an example stands in the place of a manifest: it has its name, or breaks its kind or its name."""
    unknown = any(kind not in {one["kind"] for one in BASE} for kind, _ in made)
    return (base["kind"], base["metadata"]["name"]) in made or (unknown and base["kind"] == "TrainingJob")


def merged(base: Any, over: Any) -> Any:
    """Maps one in the other; everything else is replaced. What takes the place of another thing removes it."""
    if not isinstance(base, dict) or not isinstance(over, dict):
        return over
    kept = {key: value for key, value in base.items() if key not in INSTEAD or INSTEAD[key] not in over}
    return {**kept, **{key: merged(kept.get(key), value) for key, value in over.items()}}


INSTEAD = {"flavor": "pool", "bootFile": "boot_file"}


def test_every_rule_has_words() -> None:
    """What a rule says, why it is broken and what to do are sentences; an example has both sides."""
    assert [] == [code for code, rule in RULES.items() for text in rule[:3] if not text.endswith(".")]
    assert [] == [code for code, rule in RULES.items() if bool(rule.wrong) != bool(rule.right)]
