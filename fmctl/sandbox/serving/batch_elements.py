"""The element of a batch service: where its input is, where its results go, and how one becomes requests."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from fmctl.sandbox.models.checks import check_types, invalid, missing
from fmctl.sandbox.models.locations import LocationError, parse_folder, parse_object
from fmctl.sandbox.objects import Objects
from fmctl.sandbox.wire import WireError

Body = Mapping[str, Any]

REQUIRED = ("src_path", "dest_path", "req_uri", "mapping_type")
MAPPINGS = ("file", "csv")
MANIFEST = "ManifestFile"
NO_OBS_PATH = "ModelArts.3551"


def stored(objects: Objects, entry: Body, model: Body) -> dict[str, Any]:
    """What only elements of batch services have, checked."""
    check_types(entry, texts=(*REQUIRED, "src_type"), objects=["mapping_rule"])
    for name in REQUIRED:
        if not entry.get(name):
            raise missing(name)
    if entry["mapping_type"] not in MAPPINGS:
        raise invalid("mapping_type", " or ".join(MAPPINGS))
    if entry["mapping_type"] == "csv" and not entry.get("mapping_rule"):
        raise missing("mapping_rule")
    if entry.get("src_type") not in (None, "", MANIFEST):
        raise invalid("src_type", f"{MANIFEST}, or absent")
    _check_paths(objects, entry)
    kept = {name: entry[name] for name in (*REQUIRED, "mapping_rule", "src_type") if entry.get(name)}
    return kept | _api(entry, model)


def _check_paths(objects: Objects, entry: Body) -> None:
    try:
        source, folder = parse_object(entry["src_path"]), parse_folder(entry["src_path"])
        dest, _ = parse_folder(entry["dest_path"])
    except LocationError as error:
        raise invalid("src_path and dest_path", str(error)) from error
    if not objects.has_bucket(dest):
        raise WireError(400, NO_OBS_PATH, f"The bucket {dest} of dest_path does not exist.")
    found = objects.has_bucket(source[0]) and (objects.head(*source) or any(True for _ in objects.walk(*folder)))
    if not found:
        raise WireError(400, NO_OBS_PATH, f"There is nothing at src_path: {entry['src_path']}.")


def _api(entry: Body, model: Body) -> dict[str, Any]:
    """How the API at req_uri is called; a parameter that takes a file is known by its name."""
    apis = [api for api in json.loads(model["apis"]) if api["url"] == entry["req_uri"]]
    if not apis:
        raise invalid("req_uri", f"the model has no API {entry['req_uri']}")
    declared = [*_declared(apis[0].get("input_params")), *_listed(model, entry["req_uri"])]
    files = sorted({name for name, kind in declared if kind == "file"})
    if entry["mapping_type"] == "file" and declared and len(files) != 1:
        raise invalid("req_uri", "a mapping by file needs an API with exactly one input parameter of type file")
    return {"api": {"method": apis[0]["method"].upper(), "file_param": files[0] if files else ""}}


def _declared(schema: Any) -> Iterator[tuple[str, str]]:
    """Names and types of the parameters in an API's schema."""
    if isinstance(schema, dict) and isinstance(schema.get("properties"), dict):
        for name, inner in schema["properties"].items():
            yield name, str(inner.get("type")) if isinstance(inner, dict) else ""
    for param in schema if isinstance(schema, list) else ():
        if isinstance(param, dict) and param.get("param_name"):
            yield str(param["param_name"]), str(param.get("param_type"))


def _listed(model: Body, url: str) -> Iterator[tuple[str, str]]:
    """Names and types of the parameters that the model lists; those that were derived from a schema say nothing new."""
    for param in model["input_params"]:
        if param.get("url") == url and param.get("param_type") != "object":
            yield param["param_name"], param["param_type"]
