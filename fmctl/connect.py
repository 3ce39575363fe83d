"""Connect: a context becomes a session, with the ModelArts client, object storage and the ledger of one set.

Everything that talks is imported here and only when a command connects, so that offline commands stay fast.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from fmctl.domain.live import Live
from fmctl.domain.plan import Target
from fmctl.domain.ports import Clock, ObjectStore, StoredObject
from fmctl.domain.problem import LedgerError, StorageError, UsageError
from fmctl.domain.resource import Folder, Resource, ResourceId
from fmctl.kinds.base import Secret, Work
from fmctl.ledger import Ledger, WritableFacts, open_ledger
from fmctl.modelarts.client import Client
from fmctl.revision import revision
from fmctl.settings import Context, Project


@dataclass(frozen=True, slots=True)
class Session:
    """One set in one context, connected."""

    context: Context
    project: Project
    api: Client
    store: ObjectStore
    facts: WritableFacts
    ledger: Ledger
    clock: Clock
    secret: Secret

    @property
    def target(self) -> Target:
        """Where this session applies, as plans and results name it."""
        host = urlsplit(self.api.endpoint).netloc
        return Target(self.project.set, self.context.name, host, self.api.project_id, self.api.workspace)

    def work(self, latest: Callable[[ResourceId], Live | None]) -> Work:
        """What the executor's verbs may use."""
        upload = _Uploads(self.store, self.context.code_prefix)
        commit, ledger, name = partial(revision, self.project.root), self.ledger, self.project.set
        return Work(self.api, self.store, ledger, self.clock, name, upload, self.secret, latest, commit)


def connect(context: Context, project: Project, clock: Clock, secret: Secret) -> Session:
    """Open everything that a set in a context needs; the ledger is listed once."""
    from fmctl.modelarts.iam import find_project

    auth = _auth(context, clock)
    project_id = context.project_id
    if not project_id:
        project_id = find_project(context.iam, context.project_name or context.region, auth, clock=clock)
    api = Client(context.modelarts, project_id, auth=auth, clock=clock, workspace=context.workspace)
    store = _store(context, clock)
    facts = _facts(context, project_id, project, store)
    return Session(context, project, api, store, facts, Ledger.from_facts(facts, clock), clock, secret)


def in_set(session: Session, name: str) -> Session:
    """The same place for the set of that name, with its ledger."""
    project = replace(session.project, set=name)
    facts = _facts(session.context, session.api.project_id, project, session.store)
    return replace(session, project=project, facts=facts, ledger=Ledger.from_facts(facts, session.clock))


def _auth(context: Context, clock: Clock) -> Any:
    """The credential: a key pair, else a token, else a password."""
    from fmctl.modelarts.auth import AkSkAuth, PasswordAuth, TokenAuth

    if context.access_key and context.secret_key:
        token = context.security_token or None
        return AkSkAuth(context.access_key, context.secret_key, security_token=token, clock=clock)
    if context.token:
        return TokenAuth(context.token)
    return PasswordAuth(
        context.iam,
        account=context.domain,
        user=context.user,
        password=context.password,
        project=context.project_name,
        clock=clock,
    )


def _store(context: Context, clock: Clock) -> ObjectStore:
    if not (context.obs and context.access_key and context.secret_key):
        return _NoStore()
    from fmctl.objectstore.store import ObsStore

    token = context.security_token or None
    return ObsStore(
        context.obs, context.access_key, context.secret_key, token, region=context.region or None, pause=clock.sleep
    )


def _facts(context: Context, project_id: str, project: Project, store: ObjectStore) -> WritableFacts:
    if not context.ledger:
        return _NoFacts()
    return open_ledger(
        context.ledger, project_id=project_id, workspace=context.workspace, set_name=project.set, store=store
    )


class _Uploads:
    """Local folders to object storage, each digest once, below the context's code prefix."""

    def __init__(self, store: ObjectStore, prefix: str) -> None:
        self._store, self._prefix = store, prefix.rstrip("/")
        self._done: set[str] = set()
        self._locks: dict[str, Lock] = {}
        self._guard = Lock()

    def __call__(self, folder: Folder) -> str:
        """Upload and return the address; the content must still be what the plan saw."""
        from pathlib import Path

        from fmctl.folders import digest, files

        if not self._prefix:
            msg = f"{folder.path} is local, and the context says nowhere to upload it"
            raise UsageError(msg, hint="set FMCTL_CODE_PREFIX=obs://bucket/prefix/")
        url = f"{self._prefix}/{folder.digest}/"
        with self._guard:
            lock = self._locks.setdefault(folder.digest, Lock())
        with lock:
            if folder.digest not in self._done:
                path = Path(folder.path)
                if digest(path, folder.path).digest != folder.digest:
                    msg = f"{folder.path} changed while it was being applied"
                    raise UsageError(msg, hint="apply again: the plan is made from the new content")
                self._store.upload(url, [(name, str(file)) for name, file in files(path).items()])
                self._done.add(folder.digest)
        return url


_STORE_HINT = (
    "set FMCTL_OBS_ENDPOINT, HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK; a ledger can be a local folder (FMCTL_LEDGER)"
)


class _NoStore:
    """Object storage in a context without an OBS endpoint or a key pair: an error when it is needed."""

    def _refuse(self, *_: object) -> Any:
        msg = "this needs object storage, and the context has no OBS endpoint or no key pair"
        raise StorageError(msg, hint=_STORE_HINT)

    def list(self, url: str) -> Sequence[StoredObject]:
        """Refuses."""
        result: Sequence[StoredObject] = self._refuse(url)
        return result

    def read(self, url: str) -> bytes | None:
        """Refuses."""
        result: bytes | None = self._refuse(url)
        return result

    def write(self, url: str, content: bytes) -> None:
        """Refuses."""
        self._refuse(url, content)

    def upload(self, url: str, files: Iterable[tuple[str, str]]) -> None:
        """Refuses."""
        self._refuse(url, files)

    def download(self, url: str, folder: str) -> int:
        """Refuses."""
        result: int = self._refuse(url, folder)
        return result

    def ensure_bucket(self, bucket: str) -> None:
        """Refuses."""
        self._refuse(bucket)


class _NoFacts:
    """The ledger of a context that names none: empty. Nothing that writes to the remote side starts with it."""

    def names(self) -> Sequence[str]:
        """No facts."""
        return ()

    def read(self, name: str) -> Mapping[str, Any] | None:
        """No fact."""
        return None

    def write(self, name: str, fact: Mapping[str, Any]) -> None:
        """Receipts of runs that are only looked at have nowhere to go."""

    def check_writable(self) -> None:
        """Refuses."""
        msg = "the context names no ledger, and a run without a ledger could be started twice"
        raise LedgerError(msg, hint="set FMCTL_CODE_PREFIX=obs://bucket/prefix/, or FMCTL_LEDGER to a folder")


def output_buckets(resources: Iterable[Resource]) -> Iterator[str]:
    """The buckets that runs write to, once each."""
    urls = {output["to"] for resource in resources for output in resource.spec.get("outputs", ())}
    urls |= {resource.spec["logs"] for resource in resources if "logs" in resource.spec}
    yield from sorted({url.removeprefix("obs://").partition("/")[0] for url in urls})
