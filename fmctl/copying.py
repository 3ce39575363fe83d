"""Copying: what a run wrote, from object storage into a local folder."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from fmctl.connect import Session
from fmctl.domain.live import Health
from fmctl.domain.problem import FmctlError, NotReady, Refused, UsageError
from fmctl.domain.resource import ResourceId
from fmctl.domain.values import join
from fmctl.history import history
from fmctl.kinds import parse
from fmctl.kinds.runs import RESTING
from fmctl.kinds.training_job import TrainingJob

_FORM = "TrainingJob/NAME[:OUTPUT[/PATH]]"


class Wanted(NamedTuple):
    """What to copy: an output of a job, all of it or what is below ``path``; the only output where none is named."""

    id: ResourceId
    output: str
    path: str


class Copied(NamedTuple):
    """What was copied."""

    files: int
    url: str


def parse_wanted(text: str) -> Wanted:
    """Read ``TrainingJob/NAME[:OUTPUT[/PATH]]``."""
    address, _, rest = text.partition(":")
    kind, name = parse(address)
    if kind != TrainingJob.name or name is None:
        msg = f"{text}: this takes {_FORM}"
        raise UsageError(msg, hint="for example TrainingJob/digits-finetune:train_url")
    output, _, path = rest.partition("/")
    return Wanted(ResourceId(kind, name), output, path)


def copy(text: str, folder: Path, session: Session, *, force: bool) -> Copied:
    """Download an output of the newest completed run; a folder with something in it is refused unless ``force``."""
    wanted = parse_wanted(text)
    _check_target(folder, force=force)
    outputs = _outputs(wanted.id, session)
    name = wanted.output or (next(iter(outputs)) if len(outputs) == 1 else "")
    if name not in outputs:
        msg = f"{wanted.id} has no output {name!r}" if name else f"{wanted.id}: say which output"
        raise UsageError(msg, hint=f"it has {', '.join(outputs) or 'none'}: fmctl cp {wanted.id}:OUTPUT DIR")
    url = join(outputs[name], wanted.path)
    count = session.store.download(url, str(folder))
    if not count:
        raise FmctlError(f"there is nothing at {url}", hint=_there(outputs[name], session))
    return Copied(count, url)


def _check_target(folder: Path, *, force: bool) -> None:
    if folder.exists() and not folder.is_dir():
        msg = f"{folder} is not a folder"
        raise UsageError(msg)
    if not force and folder.is_dir() and any(folder.iterdir()):
        msg = f"{folder} is not empty"
        raise Refused(msg, hint="name another folder, or force it (--force): what is there is written over")


def _outputs(id: ResourceId, session: Session) -> dict[str, str]:
    """The addresses of the outputs of the newest completed run, from its record or, if that is gone, its receipt."""
    runs = TrainingJob().runs_of(id.name, session.api)
    done = [run for run in runs if not run.active and run.health is Health.HEALTHY]
    if done:
        return dict(done[-1].facts.get("outputs", {}))
    ends = [f.content for f in history(id, session.ledger) if f.fact == "end" and f.content.get("phase") == RESTING]
    if ends:
        return dict(ends[-1].get("outputs", {}))
    newest = f"its newest run is {runs[-1].phase}" if runs else "it has no run here"
    msg = f"no run of {id} has completed; {newest}"
    raise NotReady(msg, hint=f"see `fmctl describe {id}`" if runs else "see `fmctl get TrainingJob -A`")


def _there(url: str, session: Session) -> str:
    """What an output holds, for a path that is not there."""
    base = len(url.removeprefix("obs://").partition("/")[2])
    names = sorted({found.key[base:].partition("/")[0] for found in session.store.list(url)})
    return f"{url} has {', '.join(names[:10])}" if names else f"{url} is empty"
