"""XML as OBS writes and reads it."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from xml.etree import ElementTree

from fmctl.sandbox.objects import ObsError

HEAD = b'<?xml version="1.0" encoding="UTF-8"?>\n'
ILLEGAL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
Node = ElementTree.Element


def node(tag: str, *children: "Node | None", **texts: object) -> Node:
    """An element with text children (`Key="a"`), then element children; None is left out."""
    made = Node(tag)
    for name, text in texts.items():
        ElementTree.SubElement(made, name).text = str(text)
    made.extend(child for child in children if child is not None)
    return made


def render(root: Node) -> bytes:
    """The document as bytes, with its declaration. What XML cannot hold, `encoding-type=url` can."""
    return HEAD + ILLEGAL.sub(b"?", ElementTree.tostring(root))


def parse(body: bytes) -> Node:
    """The root of a request's document, names freed of their namespace."""
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise ObsError(400, "MalformedXML", "The XML you provided must not define entities.")
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 (entities, the danger of this parser, are refused above)
    except ElementTree.ParseError as error:
        raise ObsError(400, "MalformedXML", f"The XML you provided is not well formed: {error}") from error
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


def time_text(seconds: float) -> str:
    """With fractions of a second: without them some clients do not take it for a time."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def error(code: str, message: str, resource: str, request_id: str) -> Node:
    """What comes back with a status of 400 or more."""
    return node("Error", Code=code, Message=message, RequestId=request_id, HostId="sandbox", Resource=resource)


def buckets(owner: str, found: Iterable[tuple[str, float]], region: str) -> Node:
    """All buckets of the account."""
    entries = [
        node("Bucket", Name=name, CreationDate=time_text(created), Location=region, BucketType="OBJECT")
        for name, created in found
    ]
    return node("ListAllMyBucketsResult", node("Owner", ID=owner), node("Buckets", *entries))
