"""XML as OBS writes and reads it."""

from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import quote
from xml.etree import ElementTree

from fmctl.sandbox.objects import Listing, ObjectInfo, ObsError

HEAD = b'<?xml version="1.0" encoding="UTF-8"?>\n'
Node = ElementTree.Element


def node(tag: str, *children: "Node | None", **texts: object) -> Node:
    """An element with text children (`Key="a"`), then element children; None is left out."""
    made = Node(tag)
    for name, text in texts.items():
        ElementTree.SubElement(made, name).text = str(text)
    made.extend(child for child in children if child is not None)
    return made


def render(root: Node) -> bytes:
    """The document as bytes, with its declaration."""
    return HEAD + ElementTree.tostring(root)


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


def listing(bucket: str, page: Listing, arguments: dict[str, str], limit: int, owner: str) -> Node:
    """One page of a bucket; keys are percent-encoded when the client asked for `encoding-type=url`."""
    encoded = arguments.get("encoding-type") == "url"

    def key(text: str) -> str:
        return quote(text) if encoded else text

    texts: dict[str, object] = {"Name": bucket, "Prefix": key(arguments.get("prefix", ""))}
    texts["Marker"] = key(arguments.get("marker", ""))
    if page.truncated:
        texts["NextMarker"] = key(page.next_marker)
    if "delimiter" in arguments:
        texts["Delimiter"] = key(arguments["delimiter"])
    texts |= {"MaxKeys": limit, "IsTruncated": str(page.truncated).lower()}
    if encoded:
        texts["EncodingType"] = "url"
    contents = [_content(info, key(info.key), owner) for info in page.objects]
    prefixes = [node("CommonPrefixes", Prefix=key(prefix)) for prefix in page.prefixes]
    return node("ListBucketResult", *contents, *prefixes, **texts)


def _content(info: ObjectInfo, key: str, owner: str) -> Node:
    texts = {"Key": key, "LastModified": time_text(info.modified), "ETag": f'"{info.etag}"', "Size": info.size}
    return node("Contents", node("Owner", ID=owner), **texts, StorageClass="STANDARD")
