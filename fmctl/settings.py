"""Settings: which set, which context, and how to reach it. The environment is an argument, read by ``cli``."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fmctl.domain.problem import UsageError
from fmctl.domain.resource import Document, Spec
from fmctl.load import load, load_text
from fmctl.validate import checked

PROJECT_FILE = "fmctl.yaml"
DEFAULT_SET = "default"
SANDBOX, ENV = "sandbox", "env"
CONTEXTS = "env takes the place and the credential from the environment; what else differs is an overlay"
DOMAIN = "myhuaweicloud.com"

_COUNT = {"type": "integer", "minimum": 0}
PROJECT_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": ["set"],
    "properties": {
        "set": {
            "type": "string",
            "pattern": "^[a-z0-9-]{1,20}$",
            "description": "the name of the set; every live object carries it: choose it once",
            "x-message": "a set's name is 1 to 20 of a-z, 0-9 and '-'",
            "examples": ["digits"],
        },
        "context": {
            "enum": [SANDBOX, ENV],
            "description": "where the set is applied, unless `--context` or `FMCTL_CONTEXT` says otherwise",
            "x-hint": CONTEXTS,
        },
        "defaults": {
            "type": "object",
            "additionalProperties": {"type": "object"},
            "description": "by kind: merged under the `spec` of every manifest of it; maps are merged, lists replaced",
            "examples": [{"TrainingJob": {"maxDuration": "4h"}}],
        },
        "overlays": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "by name: a folder of documents that `--overlay NAME` merges over the set",
            "examples": [{"prod": "overlays/prod/"}],
        },
        "policy": {
            "type": "object",
            "properties": {
                "protected": {
                    "type": "array",
                    "items": {"type": "string"},
                    "description": "`Kind/name` with globs: never stopped, replaced or deleted",
                    "examples": [["Service/prod-*"]],
                },
                "maxStarts": {"description": "one apply starts at most this many runs", **_COUNT},
                "maxStops": {"description": "one apply stops at most this many runs", **_COUNT},
                "maxDestroy": {"description": "one apply destroys at most this many objects", **_COUNT},
                "maxDeviceHours": {
                    "type": "number",
                    "minimum": 0,
                    "description": "one apply starts runs of at most this many device hours: accelerators, or nodes "
                    "without any, times `maxDuration`; a run without `maxDuration` counts as endless",
                },
            },
            "description": "guards: a plan that breaks one is refused as a whole",
            "examples": [{"maxStarts": 3, "maxDestroy": 0}],
            "additionalProperties": False,
        },
    },
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class Project:
    """The project file of a set, or its absence."""

    root: Path
    set: str = DEFAULT_SET
    context: str | None = None
    defaults: Mapping[str, Spec] = field(default_factory=dict)
    overlays: Mapping[str, str] = field(default_factory=dict)
    policy: Mapping[str, Any] = field(default_factory=dict)
    document: Document | None = None

    def overlay(self, name: str | None) -> tuple[Document, ...]:
        """The documents of an overlay."""
        if name is None:
            return ()
        if self.document is None:
            msg = f"there is no {PROJECT_FILE} that could name the overlay {name!r}"
            raise UsageError(msg, hint="put `set: NAME` and `overlays: {NAME: FOLDER}` into one beside the manifests")
        if name not in self.overlays:
            known = f"it has {', '.join(sorted(self.overlays))}" if self.overlays else "it has none"
            msg = f"no overlay {name!r} in {self.root / PROJECT_FILE}"
            raise UsageError(msg, hint=f"{known}; a new one is a line of it: overlays: {{{name}: overlays/{name}/}}")
        return load([str(self.root / self.overlays[name])], recursive=True)


def find_project(filenames: Iterable[str], cwd: Path) -> Project:
    """The one project file of all ``-f`` arguments: in their directory, then upwards to the repository's root."""
    found = {path for path in (_search(_start(name, cwd)) for name in filenames) if path}
    if len(found) > 1:
        msg = f"the manifests belong to different sets: {', '.join(map(str, sorted(found)))}"
        raise UsageError(msg, hint="apply one set at a time")
    return read_project(found.pop()) if found else Project(cwd)


def require_one_set(filenames: Iterable[str], project: Project, cwd: Path) -> None:
    """UsageError for a file below the named folders that is nearer to the project file of another set."""
    own = (project.root / PROJECT_FILE).resolve() if project.document else None
    for folder in sorted({_start(name, cwd) for name in filenames}):
        other = _search(folder)
        if other not in (own, None):
            msg = f"{_shown(folder)} is of another set, that of {_shown(other)}"
            raise UsageError(msg, hint=f"apply one set at a time: -f {shlex.quote(_shown(other.parent))}")


def _start(name: str, cwd: Path) -> Path:
    """Where to start looking: the directory itself, a file's, a glob's fixed part, or here for stdin."""
    if name == "-":
        return cwd
    path = cwd / name
    while not path.is_dir() and path != path.parent:
        path = path.parent
    return path


def _search(folder: Path) -> Path | None:
    for place in (folder.resolve(), *folder.resolve().parents):
        if (place / PROJECT_FILE).is_file():
            return place / PROJECT_FILE
        if (place / ".git").exists():
            return None
    return None


def read_project(path: Path) -> Project:
    """The project file at ``path``, checked."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"cannot read {path}: {getattr(error, 'strerror', None) or 'not UTF-8 text'}"
        raise UsageError(msg) from error
    documents = load_text(text, _shown(path))
    if len(documents) != 1:
        msg = f"{path} holds {len(documents)} documents; a project file is one"
        raise UsageError(msg, hint="the least is `set: NAME`")
    value = checked(documents[0], PROJECT_SCHEMA)
    return Project(
        path.parent,
        value["set"],
        value.get("context"),
        value.get("defaults", {}),
        value.get("overlays", {}),
        value.get("policy", {}),
        documents[0],
    )


def _shown(path: Path) -> str:
    """Relative to the working directory where that is shorter, as users typed it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


# ------------------------------------------------------------------- context


@dataclass(frozen=True, slots=True)
class Context:
    """Where a set is applied. Secrets do not show in the repr."""

    name: str
    modelarts: str = ""
    iam: str = ""
    obs: str = ""
    region: str = ""
    project_id: str = ""
    workspace: str = "0"
    access_key: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)
    security_token: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    user: str = ""
    password: str = field(default="", repr=False)
    domain: str = ""
    project_name: str = ""
    code_prefix: str = ""
    ledger: str = ""
    state_dir: str = ""
    """The sandbox's state folder; empty for a real ModelArts."""


_URL = re.compile(r"[a-z0-9+.-]+:(/|$)", re.IGNORECASE)
_OBS = re.compile(r"obs://[^/]")
Environ = Mapping[str, str]


def context_name(flag: str | None, project: Project, environ: Environ) -> str:
    """Which context: the flag, FMCTL_CONTEXT, the project file, ``env`` when the environment has one, the sandbox."""
    chosen = flag or environ.get("FMCTL_CONTEXT") or project.context
    if chosen:
        return chosen
    if _environment_suffices(environ):
        return ENV
    traces = sorted(key for key in environ if _leaves_sandbox(key))
    if traces:
        msg = f"no context: {', '.join(traces)} set, but not an endpoint or region together with a key pair or token"
        raise UsageError(msg, hint="complete the environment, or say --context sandbox")
    return SANDBOX


def _leaves_sandbox(key: str) -> bool:
    """Whether a variable, even an empty one, says that a real ModelArts may be meant."""
    return key.startswith(("HUAWEICLOUD_SDK_", "HW_")) or key == "CI" or _is_endpoint(key)


def _is_endpoint(key: str) -> bool:
    return key.startswith("FMCTL_") and key.endswith("_ENDPOINT")


def _environment_suffices(environ: Environ) -> bool:
    where = environ.get("FMCTL_MODELARTS_ENDPOINT") or _region(environ)
    pair = _first(environ, "HUAWEICLOUD_SDK_AK", "HW_ACCESS_KEY") and _first(
        environ, "HUAWEICLOUD_SDK_SK", "HW_SECRET_KEY"
    )
    return bool(where and (pair or _first(environ, "HW_AUTH_TOKEN", "HW_USER_PASSWORD")))


def _first(environ: Environ, *names: str) -> str:
    return next((environ[name] for name in names if environ.get(name)), "")


def _region(environ: Environ) -> str:
    return _first(environ, "FMCTL_REGION", "HUAWEICLOUD_SDK_REGION", "HW_REGION_NAME", "HW_REGION")


def env_context(environ: Environ) -> Context:
    """The context ``env``: everything from the environment, endpoints from the region where they are not said."""
    region = _region(environ)
    context = Context(
        ENV,
        region=region,
        project_id=_first(environ, "HUAWEICLOUD_SDK_PROJECT_ID", "HW_PROJECT_ID"),
        access_key=_first(environ, "HUAWEICLOUD_SDK_AK", "HW_ACCESS_KEY"),
        secret_key=_first(environ, "HUAWEICLOUD_SDK_SK", "HW_SECRET_KEY"),
        security_token=_first(environ, "HUAWEICLOUD_SDK_SECURITY_TOKEN", "HW_SECURITY_TOKEN"),
        token=_first(environ, "HW_AUTH_TOKEN"),
        user=_first(environ, "HW_USER_NAME"),
        password=_first(environ, "HW_USER_PASSWORD"),
        domain=_first(environ, "HW_DOMAIN_NAME"),
        project_name=_first(environ, "HW_PROJECT_NAME") or region,
    )
    return replace(context, **{key: f"https://{key}.{region}.{DOMAIN}" for key in _ENDPOINTS if region})


_ENDPOINTS = ("modelarts", "iam", "obs")
OVERRIDES = {
    "FMCTL_MODELARTS_ENDPOINT": "modelarts",
    "FMCTL_IAM_ENDPOINT": "iam",
    "FMCTL_OBS_ENDPOINT": "obs",
    "FMCTL_REGION": "region",
    "FMCTL_WORKSPACE": "workspace",
    "FMCTL_CODE_PREFIX": "code_prefix",
    "FMCTL_LEDGER": "ledger",
}


def find_context(name: str, environ: Environ, sandbox: Callable[[], Context]) -> Context:
    """The context ``name``, with what FMCTL_* says over it, checked for what every command needs."""
    if name == SANDBOX:
        context = sandbox()
    elif name == ENV:
        context = env_context(environ)
    else:
        msg = f"no context {name!r}"
        raise UsageError(msg, hint=f"known contexts: {ENV}, {SANDBOX}; {CONTEXTS}")
    changes = {attribute: environ[key].rstrip("/") for key, attribute in OVERRIDES.items() if environ.get(key)}
    context = replace(context, **changes)
    if not context.modelarts:
        msg = f"context {name}: no ModelArts endpoint and no region"
        raise UsageError(msg, hint="set FMCTL_MODELARTS_ENDPOINT or FMCTL_REGION")
    if not ((context.access_key and context.secret_key) or context.token or context.password):
        msg = f"context {name}: no credential"
        raise UsageError(msg, hint="set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK")
    if context.code_prefix and not context.code_prefix.startswith("obs://"):
        msg = f"context {name}: the code prefix {context.code_prefix!r} is not an obs:// address"
        raise UsageError(msg, hint="set FMCTL_CODE_PREFIX=obs://bucket/prefix/")
    if _URL.match(context.ledger) and not _OBS.match(context.ledger):
        msg = f"context {name}: the ledger {context.ledger!r} is neither obs://bucket/prefix nor a folder"
        raise UsageError(msg, hint="set FMCTL_LEDGER to one of them")
    if not context.ledger and context.code_prefix:
        context = replace(context, ledger=context.code_prefix.rstrip("/") + "/ledger")
    return context
