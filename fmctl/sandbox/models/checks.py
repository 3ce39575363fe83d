"""Checks the body of "create model" before anything is stored."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from fmctl.sandbox.models.declarations import (
    INVALID,
    MISSING,
    check_configuration,
    check_documents,
    check_metrics,
    check_params,
    chosen_template,
    invalid,
    missing,
)
from fmctl.sandbox.models.engines import RUNTIMES
from fmctl.sandbox.models.locations import LocationError, parse_folder, parse_object
from fmctl.sandbox.wire import WireError

__all__ = ["INVALID", "MISSING", "NAME", "check", "check_description", "check_types", "invalid", "missing"]

Body = Mapping[str, Any]

NAME = re.compile(r"[A-Za-z0-9_一-鿿-]{1,64}")
VERSION = re.compile(r"(0|[1-9][0-9]?)\.(0|[1-9][0-9]?)\.(0|[1-9][0-9]?)")
ALGORITHM = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,35}|")
IMAGE = re.compile(r"[A-Za-z0-9][\w.-]*(:[0-9]+)?(/[\w.-]+)*(:[\w.-]+)?(@sha256:[0-9a-f]{64})?", re.ASCII)
FORBIDDEN = frozenset("&!'\"<>=+")
DESCRIPTION_LIMIT = 100
INSTALL_TYPES = ("real-time", "batch", "edge")
TEXTS = (
    "model_name",
    "model_version",
    "model_type",
    "source_location",
    "source_type",
    "source_job_id",
    "source_job_version",
    "runtime",
    "description",
    "execution_code",
    "model_algorithm",
    "model_metrics",
    "initial_config",
    "cmd",
)
LISTS = ("apis", "input_params", "output_params", "dependencies", "model_docs", "install_type")
OBJECTS = ("template", "deployment_constraints")


def check(body: Body) -> None:
    """Raise for the first thing that the platform would not accept."""
    check_types(body, texts=TEXTS, lists=LISTS, objects=OBJECTS)
    for name in ("model_name", "model_version", "model_type"):
        _require(body, name)
    if not NAME.fullmatch(body["model_name"]):
        raise invalid("model_name", "1 to 64 letters, digits, hyphens and underscores")
    if not VERSION.fullmatch(body["model_version"]):
        raise invalid("model_version", "N.N.N, each 0 to 99 without leading zeros")
    check_description(body.get("description") or "")
    if not ALGORITHM.fullmatch(body.get("model_algorithm") or ""):
        raise invalid("model_algorithm", "a letter, then up to 35 letters, digits, hyphens and underscores")
    _check_type(body)
    _check_source(body)
    check_configuration(body)
    check_metrics(body.get("model_metrics") or "")
    check_documents(body.get("model_docs") or [])
    for name in ("input_params", "output_params"):
        check_params(name, body.get(name) or [])
    if any(kind not in INSTALL_TYPES for kind in body.get("install_type") or []):
        raise invalid("install_type", f"a list of {', '.join(INSTALL_TYPES)}")


def check_description(text: str) -> None:
    """The rule that models and services share."""
    if len(text) > DESCRIPTION_LIMIT or FORBIDDEN & set(text):
        raise invalid("description", f"at most {DESCRIPTION_LIMIT} characters, none of & ! ' \" < > = +")


def check_types(
    body: Body, *, texts: Iterable[str] = (), lists: Iterable[str] = (), objects: Iterable[str] = ()
) -> None:
    """Refuse values of a wrong JSON type, so that what reads them need not ask again. null counts as absent."""
    for names, kind, word in ((texts, str, "a string"), (lists, list, "a list"), (objects, dict, "an object")):
        for name in names:
            if body.get(name) is not None and not isinstance(body[name], kind):
                raise invalid(name, f"{word} is expected")


def _require(body: Body, name: str) -> None:
    if body.get(name) in (None, ""):
        raise missing(name)


def _check_type(body: Body) -> None:
    kind, runtime = body["model_type"], body.get("runtime")
    if kind == "Template":
        chosen_template(body)
        return
    if kind != "Image" and kind not in RUNTIMES:
        known = ", ".join((*RUNTIMES, "Image", "Template"))
        raise WireError(500, "ModelArts.3053", f"Model type {kind} is not supported; supported: {known}.")
    if runtime and kind != "Image" and runtime not in RUNTIMES[kind]:
        raise invalid("runtime", f"{runtime} is no runtime of {kind}; known: {', '.join(RUNTIMES[kind])}")


def _check_source(body: Body) -> None:
    if body.get("source_type") not in (None, "", "auto"):
        raise invalid("source_type", "auto, or absent")
    if str(body.get("source_copy", "true")).lower() not in {"true", "false"}:
        raise invalid("source_copy", "true or false")
    _check_script(body.get("execution_code") or "")
    if body["model_type"] == "Template":
        return
    _require(body, "source_location")
    try:
        _check_location(body["source_location"], is_image=body["model_type"] == "Image")
    except LocationError as error:
        raise WireError(400, "ModelArts.3017", f"Invalid source_location: {error}.") from error


def _check_location(location: str, *, is_image: bool) -> None:
    if not is_image:
        parse_folder(location)
    elif not IMAGE.fullmatch(location):
        msg = f"{location!r} is no address of an image: write swr.region.domain/organization/image:tag"
        raise LocationError(msg)


def _check_script(location: str) -> None:
    try:
        if location:
            parse_object(location)
    except LocationError as error:
        raise invalid("execution_code", str(error)) from error
