"""What a batch service reads: the objects of its input, and the requests that each of them becomes.

Mapping `file` makes one request of every file, mapping `csv` one of every line: its rule is the schema of a request
whose leaves have the index of a column. A leaf without a column of its own (-1, or no index) is left out.
"""

from __future__ import annotations

import csv
import io
import json
import mimetypes
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fmctl.sandbox.models.locations import LocationError, parse_folder, parse_object
from fmctl.sandbox.object_info import ObjectInfo
from fmctl.sandbox.objects import Objects
from fmctl.sandbox.serving.batch_elements import MANIFEST
from fmctl.sandbox.serving.instances import Query

Element = Mapping[str, Any]

JSON = "application/json"
ANY_FILE = "file"  # the parameter that a file goes to when the model does not say which
LEFT_OUT = object()
TRUE, FALSE = frozenset({"true", "1"}), frozenset({"false", "0"})


class BadInput(Exception):
    """An input that no request can be made of; the message says why."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file of the input. `name` is what it is called below the input's folder."""

    bucket: str
    key: str
    name: str

    @property
    def url(self) -> str:
        """Its address."""
        return f"obs://{self.bucket}/{self.key}"


def sources(objects: Objects, element: Element) -> Sequence[Source]:
    """The files of the input, in the order of their keys."""
    bucket, key = parse_object(element["src_path"])
    if element.get("src_type") == MANIFEST:
        return [*_named_in(objects.get(bucket, key))]
    if objects.head(bucket, key):
        return [_alone(bucket, key)]
    folder = parse_folder(element["src_path"])
    return [Source(bucket, info.key, info.key[len(folder[1]) :]) for info in objects.walk(*folder) if _is_file(info)]


def requests(element: Element, source: Source, content: bytes) -> Iterator[Query]:
    """What is asked about one file."""
    if element["mapping_type"] == "file":
        yield _file_request(element, source.name.rsplit("/", 1)[-1], content)
        return
    if not source.name.endswith(".csv"):
        message = "it is no .csv file"
        raise BadInput(message)
    try:
        rows = [row for row in csv.reader(io.StringIO(content.decode("utf-8-sig"))) if row]
    except (UnicodeError, csv.Error) as error:
        message = f"it is no CSV in UTF-8: {error}"
        raise BadInput(message) from error
    for number, row in enumerate(rows, 1):
        yield _row_request(element, number, row)


def _is_file(info: ObjectInfo) -> bool:
    return not info.key.endswith("/")


def _alone(bucket: str, key: str) -> Source:
    return Source(bucket, key, key.rsplit("/", 1)[-1])


def _named_in(manifest: bytes) -> Iterator[Source]:
    """A manifest has a line for each file: an object with its address as `source`."""
    for number, line in enumerate(manifest.splitlines(), 1):
        if not line.strip():
            continue
        try:
            yield _alone(*parse_object(json.loads(line)["source"]))
        except (ValueError, LookupError, TypeError, AttributeError, LocationError) as error:
            message = f"line {number} of the manifest names no source"
            raise BadInput(message) from error


def _file_request(element: Element, name: str, content: bytes) -> Query:
    kind, _ = mimetypes.guess_type(name)
    if kind == JSON and not element["api"]["file_param"]:
        return _query(element, JSON, content)
    boundary, field = uuid.uuid4().hex, element["api"]["file_param"] or ANY_FILE
    head = (
        f"--{boundary}\r\n"
        f'Content-Disposition: form-data; name="{_quoted(field)}"; filename="{_quoted(name)}"\r\n'
        f"Content-Type: {kind or 'application/octet-stream'}\r\n\r\n"
    )
    body = head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
    return _query(element, f"multipart/form-data; boundary={boundary}", body)


def _quoted(text: str) -> str:
    return text.replace("\\", "_").replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _row_request(element: Element, number: int, row: Sequence[str]) -> Query:
    try:
        value = _mapped(element["mapping_rule"], row)
    except (ValueError, IndexError, RecursionError) as error:
        message = f"line {number} does not fit the mapping rule: {error}"
        raise BadInput(message) from error
    return _query(element, JSON, json.dumps(value if value is not LEFT_OUT else {}, ensure_ascii=False).encode())


def _query(element: Element, kind: str, body: bytes) -> Query:
    return Query(element["api"]["method"], element["req_uri"], {"Content-Type": kind}, body)


def _mapped(rule: Any, row: Sequence[str]) -> Any:
    """The request that a row makes by the rule."""
    if not isinstance(rule, dict):
        return LEFT_OUT
    if isinstance(rule.get("properties"), dict):
        mapped = {name: _mapped(inner, row) for name, inner in rule["properties"].items()}
        return {name: value for name, value in mapped.items() if value is not LEFT_OUT}
    if "items" in rule:
        items = rule["items"] if isinstance(rule["items"], list) else [rule["items"]]
        return [value for item in items if (value := _mapped(item, row)) is not LEFT_OUT]
    index = rule.get("index")
    if not isinstance(index, int) or isinstance(index, bool) or index < 0:
        return LEFT_OUT
    if index >= len(row):
        message = f"it has no column {index}"
        raise IndexError(message)
    return _leaf(str(rule.get("type")), row[index].strip())


def _leaf(kind: str, text: str) -> Any:
    if kind == "integer":
        return int(text)
    if kind == "number":
        return _number(text)
    if kind == "boolean":
        if text.lower() not in TRUE | FALSE:
            message = f"{text!r} is neither true nor false"
            raise ValueError(message)
        return text.lower() in TRUE
    return text


def _number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        return float(text)
