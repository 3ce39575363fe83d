"""Settings: which set, which context, and what the environment says over it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fmctl.domain.problem import ManifestError, UsageError
from fmctl.settings import Context, Project, context_name, env_context, find_context, find_project, read_project

NONE = Project(Path())
NAMED = Project(Path(), context="named")
PAIR = {"HUAWEICLOUD_SDK_AK": "ak", "HUAWEICLOUD_SDK_SK": "sk"}
REGION = {"FMCTL_REGION": "cn-north-4"}
BOX = Context(
    "sandbox", "http://127.0.0.1:1", access_key="ak", secret_key="sk", code_prefix="obs://b/code/", ledger="/l"
)

# ------------------------------------------------------------------ which context

PRECEDENCE = {
    "the flag before everything": ("flag", NAMED, {"FMCTL_CONTEXT": "variable", **PAIR, **REGION}, "flag"),
    "FMCTL_CONTEXT before the project file": (None, NAMED, {"FMCTL_CONTEXT": "variable", **PAIR, **REGION}, "variable"),
    "an empty FMCTL_CONTEXT says nothing": (None, NAMED, {"FMCTL_CONTEXT": ""}, "named"),
    "the project file before the environment": (None, NAMED, {**PAIR, **REGION}, "named"),
    "a region and a key pair": (None, NONE, {**PAIR, **REGION}, "env"),
    "an endpoint and a key pair": (None, NONE, {**PAIR, "FMCTL_MODELARTS_ENDPOINT": "https://m"}, "env"),
    "the Terraform provider's names": (
        None,
        NONE,
        {"HW_REGION_NAME": "cn-north-4", "HW_ACCESS_KEY": "ak", "HW_SECRET_KEY": "sk"},
        "env",
    ),
    "a region and a token": (None, NONE, {**REGION, "HW_AUTH_TOKEN": "t"}, "env"),
    "a region alone": (None, NONE, REGION, "sandbox"),
    "nothing at all": (None, NONE, {}, "sandbox"),
    "unrelated variables": (None, NONE, {"HOME": "/root", "FMCTL_LOG": "debug"}, "sandbox"),
}


@pytest.mark.parametrize(("flag", "project", "environ", "expected"), PRECEDENCE.values(), ids=PRECEDENCE.keys())
def test_which_context(flag: str | None, project: Project, environ: dict[str, str], expected: str) -> None:
    """Flag, variable, project file, environment, sandbox: the first that says something."""
    assert expected == context_name(flag, project, environ)


TRACES = {
    "a key pair without a place": PAIR,
    "an access key without its secret": {**REGION, "HUAWEICLOUD_SDK_AK": "ak"},
    "an endpoint without a credential": {"FMCTL_MODELARTS_ENDPOINT": "https://m"},
    "another endpoint": {"FMCTL_OBS_ENDPOINT": "https://o"},
    "an empty key": {"HUAWEICLOUD_SDK_AK": ""},
    "an empty endpoint": {"FMCTL_MODELARTS_ENDPOINT": ""},
    "a Terraform variable": {"HW_REGION_NAME": "cn-north-4"},
    "CI": {"CI": "true"},
    "an empty CI": {"CI": ""},
}


@pytest.mark.parametrize("environ", TRACES.values(), ids=TRACES.keys())
def test_a_trace_of_a_real_modelarts_is_never_taken_for_the_sandbox(environ: dict[str, str]) -> None:
    """A broken credential in CI is an error and no green run against a sandbox."""
    with pytest.raises(UsageError, match="no context") as caught:
        context_name(None, NONE, environ)

    assert "--context sandbox" in str(caught.value.hint)
    assert "sandbox" == context_name("sandbox", NONE, environ)


# ------------------------------------------------------------------ its fields

OVERRIDES = {
    "FMCTL_MODELARTS_ENDPOINT": ("modelarts", "https://m.example"),
    "FMCTL_IAM_ENDPOINT": ("iam", "https://i.example"),
    "FMCTL_OBS_ENDPOINT": ("obs", "https://o.example"),
    "FMCTL_REGION": ("region", "ap-1"),
    "FMCTL_WORKSPACE": ("workspace", "ws-1"),
    "FMCTL_LEDGER": ("ledger", "/var/ledger"),
}


@pytest.mark.parametrize("variable", OVERRIDES)
def test_a_variable_overrides_one_field(variable: str) -> None:
    """FMCTL_* says one thing about a context and leaves the others."""
    field, value = OVERRIDES[variable]

    assert replace(BOX, **{field: value}) == find_context("sandbox", {variable: value}, lambda: BOX)


def test_an_empty_variable_overrides_nothing() -> None:
    """A pipeline that passes an unset value on changes nothing."""
    assert BOX == find_context("sandbox", dict.fromkeys(OVERRIDES, ""), lambda: BOX)


def test_endpoints_come_from_the_region() -> None:
    """A region is enough to know where everything is."""
    context = env_context({**PAIR, **REGION})

    assert ("https://modelarts.cn-north-4.myhuaweicloud.com", "https://obs.cn-north-4.myhuaweicloud.com") == (
        context.modelarts,
        context.obs,
    )


def test_the_sdks_names_win_over_the_providers() -> None:
    """HUAWEICLOUD_SDK_* first, HW_* where they say nothing."""
    environ = {
        **PAIR,
        **REGION,
        "HW_ACCESS_KEY": "other",
        "HUAWEICLOUD_SDK_PROJECT_ID": "p",
        "HW_PROJECT_ID": "q",
        "HW_SECURITY_TOKEN": "t",
    }
    context = env_context(environ)

    assert ("ak", "p", "t") == (context.access_key, context.project_id, context.security_token)


def test_the_ledger_is_below_the_code_prefix_unless_it_is_named() -> None:
    """Where code goes, the ledger goes; a local folder only when somebody says so."""
    environ = {**PAIR, **REGION, "FMCTL_CODE_PREFIX": "obs://bucket/prefix/"}

    assert "obs://bucket/prefix/ledger" == find_context("env", environ, lambda: BOX).ledger.rstrip("/")
    assert "/l" == find_context("env", {**environ, "FMCTL_LEDGER": "/l"}, lambda: BOX).ledger


@pytest.mark.parametrize(
    ("name", "environ", "words"),
    [
        ("elsewhere", {}, "no context 'elsewhere'"),
        ("env", PAIR, "no ModelArts endpoint"),
        ("env", REGION, "no credential"),
        ("env", {**PAIR, **REGION, "FMCTL_CODE_PREFIX": "/tmp/code"}, "not an obs:// address"),
    ],
)
def test_a_context_that_lacks_something_is_told(name: str, environ: dict[str, str], words: str) -> None:
    """What is missing is said before anything is contacted, with how to set it."""
    with pytest.raises(UsageError, match=words) as caught:
        find_context(name, environ, lambda: BOX)

    assert caught.value.hint


def test_a_context_does_not_show_its_secrets() -> None:
    """No key, token or password is in the repr, which ends up in logs."""
    context = Context("c", access_key="AAA", secret_key="BBB", security_token="CCC", token="DDD", password="EEE")

    assert not any(secret in repr(context) for secret in ("AAA", "BBB", "CCC", "DDD", "EEE"))


# ------------------------------------------------------------------ the project file


def project(folder: Path, text: str = "set: demo\n") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "fmctl.yaml").write_text(text)
    return folder


def test_the_project_file_is_looked_for_upwards(tmp_path: Path) -> None:
    """In the directory of -f, then above it."""
    project(tmp_path)
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    (deep / "job.yaml").touch()

    for name in (str(deep), str(deep / "job.yaml"), str(deep / "*.yaml")):
        assert "demo" == find_project([name], tmp_path).set


def test_the_search_ends_at_the_repositorys_root(tmp_path: Path) -> None:
    """What stands above the repository is somebody else's."""
    project(tmp_path)
    (tmp_path / "repository" / ".git").mkdir(parents=True)

    found = find_project([str(tmp_path / "repository")], tmp_path)

    assert ("default", None) == (found.set, found.document)


def test_stdin_belongs_to_the_working_directory(tmp_path: Path) -> None:
    """For `-f -` the project file is that of where one stands."""
    assert "demo" == find_project(["-"], project(tmp_path)).set


def test_two_project_files_are_an_error(tmp_path: Path) -> None:
    """One apply is of one set."""
    one, two = project(tmp_path / "one"), project(tmp_path / "two", "set: other\n")

    with pytest.raises(UsageError, match="different sets"):
        find_project([str(one), str(two)], tmp_path)


@pytest.mark.parametrize(
    "text",
    ["{}", "set: Upper", "set: " + "x" * 21, "set: demo\nunknown: 1", "set: demo\npolicy: {maxStarts: -1}", "[1]"],
)
def test_a_wrong_project_file_is_told_with_its_place(tmp_path: Path, text: str) -> None:
    """Mistakes in fmctl.yaml are told like those in manifests."""
    with pytest.raises(ManifestError) as caught:
        read_project(project(tmp_path, text) / "fmctl.yaml")

    assert all(problem.source.file.endswith("fmctl.yaml") for problem in caught.value.problems)


def test_an_unknown_overlay_names_those_there_are(tmp_path: Path) -> None:
    """A typing mistake is answered with what could have been meant."""
    project(tmp_path, "set: demo\noverlays: {prod: overlays/prod}\n")

    with pytest.raises(UsageError, match="it has prod"):
        find_project([str(tmp_path)], tmp_path).overlay("prd")
