"""What Huawei's SDK offers, read from the SDK itself: its methods, where each goes, and a request for each."""

import ast
import inspect
import os
import re
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

DEEPEST = 6
SIMPLE: Mapping[str, Any] = {
    "str": "sdk",
    "int": 1,
    "float": 1.0,
    "bool": True,
    "object": {},
    "datetime": datetime(2026, 1, 1, tzinfo=UTC),
}


@dataclass(frozen=True, slots=True)
class Method:
    """One operation of the SDK's client, under the name that its users call."""

    name: str
    verb: str
    path: str
    request: type

    def minimal(self, known: Mapping[str, Any]) -> Any:
        """The smallest request: what the SDK's class demands, `known` values by the name of the field."""
        return _instance(self.request, known, 0)


@cache
def methods() -> tuple[Method, ...]:
    """Every operation of the client, by path; nobody keeps this list by hand."""
    from huaweicloudsdkmodelarts.v1 import ModelArtsClient

    names = [name for name in vars(ModelArtsClient) if hasattr(ModelArtsClient, f"_{name}_http_info")]
    found = [_method(ModelArtsClient, name) for name in names]
    return tuple(sorted(found, key=lambda one: (one.path, one.verb)))


def _method(client: type, name: str) -> Method:
    request = _requests()[name.replace("_", "")]
    info = getattr(client, f"_{name}_http_info")(request())
    return Method(name, info["method"], info["resource_path"], request)


@cache
def _requests() -> Mapping[str, type]:
    """The request classes by the names of their methods; the two differ in which letters are capitals."""
    from huaweicloudsdkmodelarts.v1 import model

    return {name.removesuffix("Request").lower(): kind for name, kind in vars(model).items() if isinstance(kind, type)}


def _instance(kind: type, known: Mapping[str, Any], depth: int) -> Any:
    types: Mapping[str, str] = getattr(kind, "openapi_types")  # noqa: B009 (the SDK has no types)
    # A `body` is a request's only one, and no request is the same without it.
    wanted = [name for name in types if name in _demanded(kind) or name == "body"]
    return kind(**{name: _value(types[name], name, known, depth) for name in wanted})


def _value(kind: str, name: str, known: Mapping[str, Any], depth: int) -> Any:
    from huaweicloudsdkmodelarts.v1 import model

    if name in known and not isinstance(getattr(model, kind, None), type):
        return known[name]
    if kind in SIMPLE:
        return SIMPLE[kind]
    if inner := re.fullmatch(r"list\[(.+)\]", kind):
        return [_value(inner[1], "", known, depth)]
    if inner := re.fullmatch(r"dict\(str, (.+)\)", kind):
        return {"key": _value(inner[1], "", known, depth)}
    return _instance(getattr(model, kind), known, depth + 1) if depth < DEEPEST else None


@cache
def _demanded(kind: type) -> frozenset[str]:
    """The fields that a model's constructor sets whether they were given or not: those the API demands."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(kind.__init__)))  # type: ignore[misc]
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    targets = [line.targets[0] for line in function.body if isinstance(line, ast.Assign)]
    return frozenset(target.attr for target in targets if isinstance(target, ast.Attribute))


@contextmanager
def sdk_home(folder: Path) -> Iterator[None]:
    """A home directory for the SDK, which keeps an id of its installation there."""
    before = os.environ.get("HOME")
    os.environ["HOME"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["HOME"]
        else:
            os.environ["HOME"] = before
