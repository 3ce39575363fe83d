"""SDK-HMAC-SHA256, the request signature of Huawei Cloud: pure functions from a request to its headers."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import quote, unquote

ALGORITHM = "SDK-HMAC-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"
_SIGNED = frozenset({"content-type", "host", "user-agent"})


def canonical_query(query: str) -> str:
    """The pairs of ``query``, percent-encoded the one way the signature knows, and sorted."""
    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    decoded = sorted((unquote(key), unquote(value)) for key, _, value in pairs)
    return "&".join(f"{encode(key)}={encode(value)}" for key, value in decoded)


def encode(text: str) -> str:
    """Percent-encode everything but letters, digits and ``-_.~``."""
    return quote(text, safe="~")


def signature(method: str, path: str, query: str, headers: Mapping[str, str], body: bytes, secret: str) -> str:
    """The hex signature over the given headers, which all count."""
    payload = headers.get("x-sdk-content-sha256") if body else None
    canonical = "\n".join(
        (
            method.upper(),
            _canonical_path(path),
            canonical_query(query),
            *(f"{name}:{headers[name].strip()}" for name in sorted(headers)),
            "",
            ";".join(sorted(headers)),
            payload or hashlib.sha256(body).hexdigest(),
        )
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"{ALGORITHM}\n{headers['x-sdk-date']}\n{digest}"
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def authorization(access_key: str, signed: Mapping[str, str], hexdigest: str) -> str:
    """The value of the ``Authorization`` header."""
    return f"{ALGORITHM} Access={access_key}, SignedHeaders={';'.join(sorted(signed))}, Signature={hexdigest}"


def signed_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Those of ``headers`` that the signature covers; what the HTTP library adds by itself is not among them."""
    lower = {name.lower(): value for name, value in headers.items()}
    return {name: lower[name] for name in lower if (name in _SIGNED or name.startswith("x-")) and "_" not in name}


def _canonical_path(path: str) -> str:
    pieces = (encode(piece) for piece in unquote(path).split("/"))
    text = "/".join(pieces)
    return text if text.endswith("/") else f"{text}/"
