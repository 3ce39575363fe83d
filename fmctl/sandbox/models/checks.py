"""Checks the body of "create model" before anything is stored."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from fmctl.sandbox.models import config as model_config
from fmctl.sandbox.models.engines import RUNTIMES
from fmctl.sandbox.models.locations import LocationError, parse_folder
from fmctl.sandbox.wire import WireError

Body = Mapping[str, Any]

MISSING = "ModelArts.3036"
INVALID = "ModelArts.3037"

NAME = re.compile(r"[A-Za-z0-9_一-鿿-]{1,64}")
VERSION = re.compile(r"(0|[1-9]\d?)\.(0|[1-9]\d?)\.(0|[1-9]\d?)")
ALGORITHM = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,35}|")
DOC_NAME = re.compile(r"[A-Za-z一-鿿][^\x00-\x1f]{0,47}")
FORBIDDEN = frozenset("&!'\"<>=+")
DESCRIPTION_LIMIT = 100
PARAM_FIELDS = ("url", "method", "protocol", "param_name", "param_type")
PARAM_NAME_LIMIT = 64
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


def check(body: Body) -> None:
    """Raise for the first thing that the platform would not accept."""
    check_types(body, texts=TEXTS, lists=LISTS)
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
    _check_json(body)
    _check_docs(body)
    _check_params(body)
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
    for names, kind, word in ((texts, str, "string"), (lists, list, "list"), (objects, dict, "object")):
        for name in names:
            if body.get(name) is not None and not isinstance(body[name], kind):
                raise invalid(name, f"a {word} is expected")


def invalid(name: str, rule: str) -> WireError:
    """A parameter breaks its rule."""
    return WireError(400, INVALID, f"Invalid parameter {name}: {rule}.")


def config_error(error: model_config.ConfigError) -> WireError:
    """The same error as the answer to a call."""
    return WireError(400, error.code, error.message)


def _require(body: Body, name: str) -> None:
    if body.get(name) in (None, ""):
        raise WireError(400, MISSING, f"Required parameter {name} is missing.")


def _check_type(body: Body) -> None:
    kind, runtime = body["model_type"], body.get("runtime")
    if kind == "Template":
        raise WireError(404, "ModelArts.3021", "The template is not found: this sandbox has none.")
    if kind != "Image" and kind not in RUNTIMES:
        raise WireError(500, "ModelArts.3053", f"Model type {kind} is not supported.")
    if runtime and kind != "Image" and runtime not in RUNTIMES[kind]:
        raise invalid("runtime", f"{runtime} is no runtime of {kind}; known: {', '.join(RUNTIMES[kind])}")


def _check_source(body: Body) -> None:
    _require(body, "source_location")
    if body.get("source_type") not in (None, "", "auto"):
        raise invalid("source_type", "auto, or absent")
    if str(body.get("source_copy", "true")).lower() not in {"true", "false"}:
        raise invalid("source_copy", "true or false")
    if body["model_type"] == "Image":
        return
    try:
        parse_folder(body["source_location"])
    except LocationError as error:
        raise WireError(400, "ModelArts.3017", f"Invalid source_location: {error}.") from error


def _check_json(body: Body) -> None:
    is_image = body["model_type"] == "Image"
    try:
        if body.get("initial_config"):
            config = model_config.parse(body["initial_config"], "initial_config")
            # Its apis may stand beside it, or in the folder's config.json: only what is here can be wrong here.
            if "apis" in config or not is_image:
                model_config.check({"apis": [{"url": "/"}], **config}, is_image=is_image)
        if body.get("apis"):
            model_config.check({"apis": body["apis"]}, is_image=is_image)
        model_config.check_dependencies(body)
    except model_config.ConfigError as error:
        raise config_error(error) from error
    try:
        json.loads(body.get("model_metrics") or "{}")
    except ValueError as error:
        raise invalid("model_metrics", "a string that holds a JSON object") from error


def _check_docs(body: Body) -> None:
    documents = body.get("model_docs") or []
    if len(documents) > 3:
        raise invalid("model_docs", "at most 3")
    for document in documents:
        url = document.get("doc_url") if isinstance(document, dict) else None
        if not str(url).startswith(("http://", "https://")) or not DOC_NAME.fullmatch(str(document.get("doc_name"))):
            rule = "each has a doc_name of 1 to 48 signs, a letter first, and a doc_url that begins with http(s)://"
            raise invalid("model_docs", rule)


def _check_params(body: Body) -> None:
    for name in ("input_params", "output_params"):
        for param in body.get(name) or []:
            if not isinstance(param, dict):
                raise invalid(name, "a list of objects")
            missing = [field for field in PARAM_FIELDS if not isinstance(param.get(field), str) or not param[field]]
            if missing:
                raise WireError(400, MISSING, f"Required parameter {name}.{missing[0]} is missing.")
            if len(param["param_name"]) > PARAM_NAME_LIMIT or len(str(param.get("param_desc") or "")) > 100:
                raise invalid(name, f"param_name of at most {PARAM_NAME_LIMIT} characters, param_desc of at most 100")
