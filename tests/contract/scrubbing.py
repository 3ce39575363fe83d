"""What a cassette must not hold: keys, tokens, passwords, signatures, names of accounts, ids of projects.

Everything that is known beforehand is replaced by what stands for it; headers are left out unless they are needed; and
what only the answers tell (owners, tokens, signed addresses) is known by its field or its form.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

from vcr.request import Request

from .site import Site

BLANK = "scrubbed"
SENT = frozenset({"content-type", "range"})
GOT = frozenset({"content-type", "content-range", "etag", "last-modified", "retry-after", "x-request-id"}) | frozenset(
    {"x-obs-api", "x-obs-request-id", "x-amz-request-id", "x-iam-trace-id"}
)
"""Headers that conversations need; all others are left out."""
TOKEN = "x-subject-token"
LENGTH = "content-length"

NAMES = ("access_key", "secret_key", "security_token", "user", "password", "domain", "project_id", "region", "bucket")
ENDPOINTS = ("modelarts", "iam", "obs")
SHORTEST = 4
"""Shorter names of people stand in too many words to be replaced wherever they are; their fields are blank anyway."""
TELLING = 8
"""What is at least so long in a private field is private everywhere."""
LONGEST = 4096
"""More of a request's body is not worth keeping: it is ours, and never looked at again."""

PRIVATE = frozenset(
    {"owner", "tenant", "user_name", "user_id", "domain_id", "domain_name", "password", "token", "secret", "access"}
) | frozenset({"securitytoken", "security_token", "agency", "agency_name", "debug_url", "parent_id"})
PEOPLE = frozenset({"user", "domain"})
"""Objects whose id and name are private."""
FORMS = (
    (r'https?://[^\s"<>?]+\?[^\s"<>]*(?:Signature|AccessKeyId|X-Amz-)[^\s"<>]*', f"https://{BLANK}.example.com/"),
    (r"https?://[^/\s\"]+(?=/v1/infers/)", "https://infer.example.com"),
    (r'(?i)\b(access|credential|signature|token)=[^&,\s"<]+', rf"\1={BLANK}"),
    (r"<(ID|DisplayName|AWSAccessKeyId|AccessKeyId|SignatureProvided|StringToSign|HostId)>[^<]*", rf"<\1>{BLANK}"),
)


class Scrubber:
    """Replaces what is known of a site by what a stand-in has in its place."""

    def __init__(self, site: Site, stand_in: Site) -> None:
        pairs = dict(_pairs(site, stand_in))
        self._words = sorted(pairs.items(), key=lambda pair: len(pair[0]), reverse=True)
        self._met: set[str] = set()

    def request(self, request: Request) -> Request:
        """A request as it is kept, and as it is compared with what was kept."""
        request.uri = self._words_in(request.uri)
        request.headers = {name: value for name, value in request.headers.items() if name.lower() in SENT}
        body = request.body
        if isinstance(body, bytes):
            request.body = self.body(body) if len(body) <= LONGEST else f"({len(body)} bytes)"
        return request

    def response(self, response: dict[str, Any]) -> dict[str, Any]:
        """An answer as it is kept."""
        content = self.body(response["body"]["string"])
        headers = {name.lower(): list(values) for name, values in response["headers"].items()}
        kept = {name: self._header(values) for name, values in headers.items() if name in GOT}
        if TOKEN in headers:
            kept[TOKEN] = [BLANK]
        if content or LENGTH in headers:
            kept[LENGTH] = [str(len(content))] if content else headers[LENGTH]
        return {**response, "headers": kept, "body": {"string": content}}

    def body(self, content: bytes) -> bytes:
        """JSON field by field, every other text as a whole; what is no text is ours."""
        try:
            text = content.decode()
        except UnicodeDecodeError:
            return content
        try:
            return json.dumps(self._value(json.loads(text)), ensure_ascii=False).encode()
        except ValueError:
            return self.text(text).encode()

    def text(self, text: str) -> str:
        """A text without what is known and what looks secret."""
        for form, blank in FORMS:
            text = re.sub(form, blank, text)
        return self._words_in(text)

    def last(self, cassette: str) -> str:
        """A whole cassette, without what was met in private fields and stands in other places, too."""
        for value in sorted(self._met, key=len, reverse=True):
            cassette = cassette.replace(value, BLANK)
        return cassette

    def _value(self, value: Any, inside: str = "") -> Any:
        if isinstance(value, dict):
            return {key: self._field(key, item, inside) for key, item in value.items()}
        if isinstance(value, list):
            return [self._value(item, inside) for item in value]
        return self.text(value) if isinstance(value, str) else value

    def _field(self, key: str, value: Any, inside: str) -> Any:
        private = key in PRIVATE or (inside in PEOPLE and key in ("id", "name"))
        if not (private and value and isinstance(value, str)):
            return self._value(value, key)
        self._met |= {value} if len(value) >= TELLING else set()
        return BLANK

    def _words_in(self, text: str) -> str:
        for word, other in self._words:
            text = text.replace(word, other)
        return text

    def _header(self, values: Sequence[str]) -> list[str]:
        return [self.text(value) for value in values]


def _pairs(site: Site, stand_in: Site) -> Iterator[tuple[str, str]]:
    """What is known of a site, in every spelling, and what stands for it."""
    short = [name for name in ("user", "domain") if len(getattr(site, name)) < SHORTEST]
    whole = [name for name in (*NAMES, *ENDPOINTS, "folder", "tag") if name not in short]
    both = [(getattr(site, name), getattr(stand_in, name)) for name in whole]
    both += [(urlsplit(getattr(site, name)).netloc, urlsplit(getattr(stand_in, name)).netloc) for name in ENDPOINTS]
    for known, other in both:
        if known and known != other:
            yield known, other
            yield quote(known, safe=""), quote(other, safe="")


def leaks(text: str, site: Site, *more: str) -> Mapping[str, str]:
    """What a text still tells of a site, by what it is."""
    secret = {name: getattr(site, name) for name in NAMES[:-2]} | {f"secret {at}": word for at, word in enumerate(more)}
    forms = {"header": "(?i)authorization", "signature": rf"(?i)signature=(?!{BLANK})"}
    found = {name: word for name, word in secret.items() if word and word in text}
    return found | {name: form for name, form in forms.items() if re.search(form, text)}
