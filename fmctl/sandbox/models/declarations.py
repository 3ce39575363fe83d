"""What the body of "create model" declares of the model: APIs, parameters, dependencies, documents, a template.

Whatever stands in the request is answered with the codes of request parameters (3036, 3037, 3041); the codes of
configurations (3015, 3016) are for config.json and for `initial_config`, which stands in its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from fmctl.sandbox import strict_json
from fmctl.sandbox.models import config as model_config
from fmctl.sandbox.models.locations import LocationError, parse_folder
from fmctl.sandbox.models.templates import TEMPLATES, Template
from fmctl.sandbox.wire import WireError

Body = Mapping[str, Any]

MISSING = "ModelArts.3036"
INVALID = "ModelArts.3037"
TEMPLATE_NOT_FOUND = "ModelArts.3021"
TEMPLATE_INPUT = "ModelArts.3024"
TEMPLATE_ID_MISSING = "ModelArts.3029"
TEMPLATE_MISSING = "ModelArts.3034"

DOC_NAME = re.compile(r"[A-Za-z一-鿿][^\x00-\x1f]{0,47}")
DOCUMENTS = 3
PARAM_FIELDS = ("url", "method", "protocol", "param_name", "param_type")
NUMBERS = frozenset({"int", "integer", "float", "number"})
PARAM_TYPES = NUMBERS | {"string", "boolean", "timestamp", "date", "file", "object", "array", "box"}
PARAM_LIMITS = {"param_name": 64, "param_desc": 100}


def invalid(name: str, rule: str) -> WireError:
    """A parameter breaks its rule."""
    return WireError(400, INVALID, f"Invalid parameter {name}: {rule}.")


def missing(name: str) -> WireError:
    """A parameter has to be there, and is not."""
    return WireError(400, MISSING, f"Required parameter {name} is missing.")


def check_configuration(body: Body) -> None:
    """`initial_config`, and what a request may say in its place."""
    is_image = body["model_type"] == "Image"
    if body.get("initial_config"):
        _check_initial_config(body["initial_config"], is_image=is_image)
    for entry in body.get("dependencies") or []:
        _need(entry, "dependencies", ("installer", "packages"))
        for package in entry["packages"] if isinstance(entry["packages"], list) else ():
            _need(package, "dependencies.packages", ("package_name",))
    try:
        if body.get("apis"):
            model_config.check({"apis": body["apis"]}, is_image=is_image)
        model_config.check_dependencies(body)
    except model_config.ConfigError as error:
        code = INVALID if error.code == model_config.NOT_CONFORMING else error.code
        raise WireError(400, code, error.message) from error


def check_metrics(text: str) -> None:
    """`model_metrics` is an object of figures, as text."""
    try:
        metrics = strict_json.loads(text or "{}")
    except ValueError as error:
        raise invalid("model_metrics", "a string that holds a JSON object") from error
    if not isinstance(metrics, dict):
        raise invalid("model_metrics", "a string that holds a JSON object")


def check_documents(documents: list[Any]) -> None:
    """Three at most, each with a name and an address."""
    if len(documents) > DOCUMENTS:
        raise invalid("model_docs", f"at most {DOCUMENTS}")
    for document in documents:
        _need(document, "model_docs", ("doc_name", "doc_url"))
        if not DOC_NAME.fullmatch(str(document["doc_name"])):
            raise invalid("doc_name", "1 to 48 signs, a letter first")
        if not str(document["doc_url"]).startswith(("http://", "https://")):
            raise invalid("doc_url", "it must begin with http:// or https://")


def check_params(name: str, params: list[Any]) -> None:
    """`input_params` or `output_params`."""
    for param in params:
        _need(param, name, PARAM_FIELDS)
        if not all(isinstance(param[field], str) for field in PARAM_FIELDS):
            raise invalid(name, f"{', '.join(PARAM_FIELDS)} are texts")
        if param["method"].upper() not in model_config.METHODS or param["protocol"] not in model_config.PROTOCOLS:
            raise invalid(name, "method is get or post, protocol http or https")
        if param["param_type"] not in PARAM_TYPES:
            raise invalid(name, f"param_type is one of {', '.join(sorted(PARAM_TYPES))}")
        for field, limit in PARAM_LIMITS.items():
            if len(str(param.get(field) or "")) > limit:
                raise invalid(name, f"{field} of at most {limit} characters")
        if any(not _is_number(param.get(bound, 0)) for bound in ("min", "max")):
            raise invalid(name, "min and max are numbers")


def chosen_template(body: Body) -> tuple[Template, str]:
    """The template that the body names, and the folder that it gives it."""
    template = body.get("template")
    if not isinstance(template, dict) or not template:
        raise WireError(400, TEMPLATE_MISSING, "A model of type Template needs the parameter template.")
    template_id = template.get("template_id")
    if not template_id:
        raise WireError(400, TEMPLATE_ID_MISSING, "Required parameter template_id is missing.")
    if not isinstance(template_id, str) or template_id not in TEMPLATES:
        raise WireError(404, TEMPLATE_NOT_FOUND, f"The template {template_id} is not found.")
    return TEMPLATES[template_id], _template_input(template.get("template_inputs"), TEMPLATES[template_id])


def _template_input(inputs: Any, template: Template) -> str:
    entries = inputs if isinstance(inputs, list) else []
    given = [entry.get("input") for entry in entries if isinstance(entry, dict)]
    ids = [entry.get("input_id") for entry in entries if isinstance(entry, dict)]
    if ids != [template.input_id] or len(entries) != 1 or not isinstance(given[0], str):
        message = f"template_inputs must be one object with input_id {template.input_id} and an OBS folder as input."
        raise WireError(400, TEMPLATE_INPUT, message)
    try:
        parse_folder(given[0])
    except LocationError as error:
        raise WireError(400, TEMPLATE_INPUT, f"Invalid template input: {error}.") from error
    return given[0]


def _check_initial_config(text: str, *, is_image: bool) -> None:
    try:
        config = model_config.parse(text, "initial_config")
        # Its apis may stand beside it, or in the folder's config.json: only what is here can be wrong here.
        model_config.check({"apis": [{"url": "/"}], **config}, is_image=is_image)
    except model_config.ConfigError as error:
        raise WireError(400, error.code, error.message) from error


def _need(entry: Any, name: str, fields: Iterable[str]) -> None:
    if not isinstance(entry, dict):
        raise invalid(name, "a list of objects")
    for field in fields:
        if entry.get(field) in (None, ""):
            raise missing(f"{name}.{field}")


def _is_number(value: Any) -> bool:
    """A number, or none."""
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))
