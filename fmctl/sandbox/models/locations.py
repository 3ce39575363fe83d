"""The three spellings of an OBS folder: `obs://bucket/path`, `/bucket/path/`, `https://bucket.obs.region.domain/path`."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import unquote, urlsplit


class LocationError(ValueError):
    """The text is none of the three spellings."""


def parse_folder(text: str) -> tuple[str, str]:
    """Bucket and key prefix of a folder; the prefix is empty or ends in a slash."""
    bucket, key = parse_object(text)
    key = key.strip("/")
    return bucket, f"{key}/" if key else ""


def parse_object(text: str) -> tuple[str, str]:
    """Bucket and key."""
    if text.startswith(("http://", "https://")):
        bucket, key = _from_url(text)
    elif text.startswith("obs://"):
        bucket, _, key = text.removeprefix("obs://").partition("/")
    elif text.startswith("/"):
        bucket, _, key = text.removeprefix("/").partition("/")
    else:
        bucket, key = "", ""
    if not bucket or bucket.startswith("."):
        msg = f"{text!r} is no OBS folder: write obs://bucket/path/, /bucket/path/ or https://bucket.obs…/path"
        raise LocationError(msg)
    return bucket, key


def _from_url(text: str) -> tuple[str, str]:
    """The bucket is the first label of the host, or of the path when the host is an address."""
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
    except ValueError:
        return "", ""
    path = unquote(parts.path).removeprefix("/")
    if _is_address(host):
        bucket, _, key = path.partition("/")
        return bucket, key
    bucket, _, rest = host.partition(".")
    return (bucket, path) if rest else ("", "")


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return host == "localhost"
    return True
