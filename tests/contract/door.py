"""A client of a site. All of them are asked in the words of the wire, and give the same answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from .site import Site


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: a status and JSON, or the status and the code of an error."""

    status: int
    data: Any = field(default=None, repr=False)
    code: str = ""
    message: str = ""

    @property
    def refusal(self) -> tuple[int, str]:
        """Status and code without the service's name in front."""
        return self.status, self.code.removeprefix("ModelArts.")

    @property
    def good(self) -> Any:
        """The JSON of an answer that is no error."""
        assert self.status < 300, f"{self.status} {self.code}: {self.message}"
        return self.data


class Stored(NamedTuple):
    """One object of a listing."""

    size: int
    etag: str


class Shelf(Protocol):
    """Object storage, below the folder of the site."""

    def put(self, name: str, content: bytes) -> None:
        """Write an object."""

    def get(self, name: str) -> bytes | None:
        """Read an object; None when it is not there."""

    def list(self, folder: str) -> Mapping[str, Stored]:
        """All objects below a folder, by their names."""


class Door(Protocol):
    """A client of one site."""

    name: str
    site: Site
    token: str
    """The last token that it was given; none before it signed in."""

    def ask(self, method: str, path: str, body: Any = None, query: Mapping[str, Any] | None = None) -> Answer:
        """One call; ``path`` begins with ``/v1/{project_id}`` or ``/v2/{project_id}``, in these words."""

    def project(self) -> str:
        """The id of the region's project, as IAM has it."""

    def signed_in(self) -> Door:
        """The same client with a token for the password, instead of the key pair."""

    def shelf(self) -> Shelf:
        """The client's way to objects."""

    def close(self) -> None:
        """Leave."""
