"""``obs://bucket/key`` addresses, and how an endpoint wants its buckets written."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

from fmctl.domain.problem import UsageError

SCHEME = "obs://"
_OBS_DOMAIN = re.compile(r"obs[a-z0-9-]*\.")


class Address(NamedTuple):
    """A bucket and a key in it; a folder is a key that is empty or ends with a slash."""

    bucket: str
    key: str

    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket}/{self.key}"

    def folder(self) -> Address:
        """The same place as a folder: exactly one slash at the end, none for a whole bucket."""
        key = self.key.rstrip("/")
        return Address(self.bucket, f"{key}/" if key else "")

    def __truediv__(self, name: str) -> Address:
        return Address(self.bucket, self.folder().key + name)


def parse_address(url: str) -> Address:
    """Read ``obs://bucket/key``."""
    bucket, _, key = url.removeprefix(SCHEME).partition("/")
    if not url.startswith(SCHEME) or not bucket:
        msg = f"{url!r} is not an address in object storage"
        raise UsageError(msg, hint="write it as obs://bucket/folder/")
    return Address(bucket, key)


def wants_path_style(endpoint: str) -> bool:
    """Whether ``bucket.host`` cannot work there: addresses, local names, and other people's servers on odd ports."""
    try:
        parts = urlsplit(endpoint)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise _no_endpoint(endpoint) from None
    # The library splits at the first colon, which IPv6 does not survive.
    if parts.scheme not in ("http", "https") or not host or ":" in host or parts.username is not None:
        raise _no_endpoint(endpoint)
    if _is_ip(host) or "." not in host or host.endswith(".localhost"):
        return True
    return port not in (None, 80, 443) and not _OBS_DOMAIN.match(host)


def _no_endpoint(endpoint: str) -> UsageError:
    shown = endpoint.rpartition("@")[2]  # what stands before it may be a password
    return UsageError(f"OBS endpoint {shown!r} is not an address", hint="write it as https://host or http://host:port")


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
