"""What every kind of resource is: a schema, its rules, and the verbs that make the remote side match."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Protocol

from fmctl.domain.live import POLICIES, Live, Marker, Observed, World
from fmctl.domain.plan import Change, FieldChange
from fmctl.domain.ports import Api, Clock, ObjectStore
from fmctl.domain.problem import Problem
from fmctl.domain.resource import Folder, Path, Resource, ResourceId, Spec

Schema = Mapping[str, Any]
SPECIAL = "&!'\"<>=+"
"""Characters that a description of v1 may not hold: the union of what models and services forbid."""


class Reference(NamedTuple):
    """A typed field that names another resource of the set, as ``spec.source.jobRef`` does."""

    path: Path
    to: ResourceId


class Identity(NamedTuple):
    """Something that only one resource of a kind may have, such as a live name."""

    key: tuple[str, ...]
    path: Path
    rule: str
    what: str
    """How a message names it: ``digits 1.0.0``."""
    hint: str | None = None


class Records(Protocol):
    """The part of the ledger that kinds read and write: facts about runs by name, hash and attempt."""

    def names(self) -> Sequence[str]:
        """The names of all resources with facts."""

    def hashes(self, name: str, /) -> frozenset[str]:
        """Every hash under which facts of ``name`` exist."""

    def attempts(self, name: str, hash_: str, /) -> Sequence[int]:
        """The attempts of one hash with any fact."""

    def has(self, name: str, hash_: str, fact: str, attempt: int = 0, /) -> bool:
        """Whether the fact exists; no request."""

    def get(self, name: str, hash_: str, fact: str, attempt: int = 0, /) -> Mapping[str, Any] | None:
        """The content of a fact."""

    def record(self, name: str, hash_: str, fact: str, content: Mapping[str, Any], attempt: int = 0, /) -> None:
        """Write a fact once."""


Secret = Callable[[Mapping[str, Any]], str | None]
"""The value behind ``{env: NAME}`` or ``{file: PATH}``; None where the variable is not set."""


Fan = Callable[[Callable[[Any], Any], Iterable[Any]], list[Any]]
"""Run one function over many items, in parallel where that pays; results in order."""


@dataclass(frozen=True, slots=True)
class Looking:
    """What observing may use: it never writes."""

    api: Api
    records: Records
    set_name: str
    fan: Fan
    prune: bool = False
    """Whether what nothing declares is to go, and so has to be looked at closely."""


@dataclass(frozen=True, slots=True)
class Deciding:
    """What deciding may use: data only."""

    set_name: str
    records: Records
    world: World
    now: float
    differences: Callable[[Spec, Spec], tuple[FieldChange, ...]]
    """``(live, desired)`` -> the fields of ``spec`` that differ, of those that ``desired`` has."""
    secret: Secret


@dataclass(frozen=True, slots=True)
class Work:
    """What doing may use."""

    api: Api
    store: ObjectStore
    records: Records
    clock: Clock
    set_name: str
    upload: Callable[[Folder], str]
    """Upload the content of a local folder, completed by listing, and return its address."""
    secret: Secret
    live: Callable[[ResourceId], Live | None]
    """The latest that is known of another resource of the plan."""
    commit: Callable[[], str]
    """The commit that the set was applied from, empty where there is none."""


class Watch(NamedTuple):
    """What a verb waits for: the next look at one remote object, and what to tell the user meanwhile."""

    remote_id: str
    remote_name: str
    message: str = ""
    before: bool = False
    """It is somebody else's turn: the change has written nothing yet, and does not until this is over."""


Steps = Generator[Watch, Live | None, Live | None]
"""A verb in progress: it yields a Watch whenever it has to wait, gets the object as it is then (None: gone), and
returns the object in its final form. Between two yields it makes calls that are safe to repeat."""

Found = Generator[Watch, Live | None, Live]
"""Steps that end with an object, never without one."""


class Kind(ABC):
    """One kind. Mostly data: class variables; methods only where the API is odd."""

    name: ClassVar[str]
    is_run: ClassVar[bool] = False
    spec_schema: ClassVar[Schema]
    """JSON Schema (Draft 2020-12) of ``spec``. Where a node's type is or includes ``string``, the source text of a
    plain scalar is the value. ``x-message`` and ``x-hint`` on a node replace the validator's own words."""
    outside_hash: ClassVar[frozenset[str]] = frozenset()
    """Keys of ``spec`` that the result does not depend on."""
    default_policy: ClassVar[str] = "Delete"
    description_limit: ClassVar[int]
    """How many characters the API allows in a description, the marker included."""
    description_forbids: ClassVar[str] = ""
    """Which characters it does not allow there."""

    def references(self, spec: Spec) -> Iterator[Reference]:
        """Every typed reference in ``spec``; resolving them gives the dependency graph."""
        yield from ()

    def local_paths(self, spec: Spec) -> Iterator[Path]:
        """Paths of the values that name local folders or files (anything that is not ``obs://``)."""
        yield from ()

    def programs(self, spec: Spec) -> Iterator[tuple[Path, Path]]:
        """Paths of the values that name files inside local folders, each with the path of its folder's value."""
        yield from ()

    def text_maps(self, spec: Spec) -> Iterator[Path]:
        """Paths of the free maps that carry values to the platform, in which literal secrets are refused."""
        yield from ()

    def identities(self, resource: Resource) -> Iterator[Identity]:
        """What no other resource of this kind in the set may have."""
        yield from ()

    def check(self, resource: Resource, others: Mapping[ResourceId, Resource], set_name: str) -> Iterator[Problem]:
        """The rules that a schema cannot say, about one valid-by-schema resource among all of its set."""
        yield from ()

    @abstractmethod
    def canonical(self, spec: Spec) -> Spec:
        """``spec`` with durations in seconds, addresses as ``obs://bucket/key``, lists in their canonical order."""

    def names(self, spec: Spec, remote_id: str) -> bool:
        """Whether ``spec`` names a live object by its remote id, so that it must stay."""
        return False

    def identity(self, spec: Spec, hash: str) -> str:
        """What stands for the resource's hash when another refers to it."""
        return hash

    def policy(self, spec: Spec) -> str:
        """The letter of the deletion policy."""
        return POLICIES[spec.get("deletionPolicy", self.default_policy)]

    def marker(self, resource: Resource, set_name: str) -> Marker:
        """The marker that a live object of this resource should carry."""
        return Marker(set_name, resource.marker, self.policy(resource.spec))

    def marked(self, resource: Resource, set_name: str) -> str:
        """The description to send: the user's text and the marker."""
        return self.marker(resource, set_name).mark(resource.spec.get("description", ""))

    def check_description(self, resource: Resource, set_name: str) -> Iterator[Problem]:
        """What the API allows in a description, beside the marker."""
        text, place = resource.spec.get("description", ""), ("spec", "description")
        bad = sorted({character for character in text if character in self.description_forbids})
        if bad:
            message = f"the platform forbids {' '.join(bad)} in this description"
            yield Problem(resource.source(*place), "FM0310", message)
        marker = Marker(set_name, "0" * 10, self.policy(resource.spec))
        room = self.description_limit - len(str(marker)) - 1
        if len(text) > room:
            message = f"description has {len(text)} characters; {room} are left beside the marker"
            yield Problem(resource.source(*place), "FM0304", message)

    @abstractmethod
    def observe(
        self, resources: Sequence[Resource], looking: Looking
    ) -> tuple[Mapping[ResourceId, Observed], Sequence[Live]]:
        """What exists of ``resources``, and what else carries the set's marker. Few calls, no writes."""

    @abstractmethod
    def decide(self, resource: Resource, observed: Observed, deciding: Deciding) -> Iterator[Change]:
        """What to do about one resource: one change, or a stop and a create."""

    @abstractmethod
    def verb(self, change: Change, work: Work) -> Steps:
        """The steps that carry ``change`` out, for every action this kind decides on."""

    @abstractmethod
    def poll(self, watches: Sequence[Watch], api: Api) -> Mapping[str, Live | None]:
        """One shared look at everything in flight, by remote name; None for what is gone."""

    @abstractmethod
    def find(self, name: str, resource: Resource | None, api: Api) -> Iterator[Live]:
        """The live objects of one address; ``resource`` is its manifest where there is one."""

    def users(self, lives: Sequence[Live], api: Api, fan: Fan) -> Mapping[str, Sequence[str]]:
        """The live names of what uses objects, which cannot be deleted then, by their remote ids."""
        return {}

    @abstractmethod
    def everything(self, api: Api) -> Iterator[Live]:
        """Every object of this kind in the workspace."""
