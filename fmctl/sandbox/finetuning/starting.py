"""From what a fine-tuning job starts: the base model, a model that was published, or a checkpoint of another job."""

from collections.abc import Iterator
from typing import NamedTuple

from fmctl.sandbox.account import Account
from fmctl.sandbox.finetuning.artifacts import WEIGHTS
from fmctl.sandbox.finetuning.assets import BASE
from fmctl.sandbox.finetuning.records import Artifact, Progress, read_progress
from fmctl.sandbox.finetuning.request import Fields
from fmctl.sandbox.models.publishing import MODELS
from fmctl.sandbox.objects import split_url
from fmctl.sandbox.programs import FINE_TUNING, program_of
from fmctl.sandbox.store import Document
from fmctl.sandbox.training.checks import invalid
from fmctl.sandbox.training.jobs import Training, id_of


class Left(NamedTuple):
    """An artifact, and the record of the job that has left it."""

    record: Document
    artifact: Artifact

    @property
    def url(self) -> str:
        """The folder in OBS that it is in."""
        return f"{output_url(self.record['job'])}{self.artifact.path}/"


def find_start(account: Account, asset_id: str, config: Fields) -> str:
    """Where the weights are in OBS that a job starts from; nowhere for the base model."""
    checkpoint = config.get("checkpoint_config") or {}
    if checkpoint.get("restore_training"):
        wanted = str(checkpoint.get("checkpoint_id") or config.get("checkpoint_id") or "")
        left = find_artifact(account, wanted)
        if left is None:
            raise invalid(f"checkpoint_config: there is no checkpoint {wanted or '(none)'}.")
        return _existing(account, left.url, f"checkpoint {wanted}")
    if asset_id == BASE.id:
        return ""
    model = account.store.get(MODELS, asset_id)
    if model is None:
        raise invalid(f"spec.asset_id: there is no asset {asset_id}: {BASE.id}, or the id of a published model.")
    return _existing(account, str(model["model"]["source_location"]), f"asset {asset_id}")


def find_artifact(account: Account, artifact_id: str) -> Left | None:
    """The artifact of this id, of whichever job."""
    for record in tuned_jobs(account):
        for artifact in progress_of(account, record).artifacts:
            if artifact.id == artifact_id:
                return Left(record, artifact)
    return None


def tuned_jobs(account: Account) -> Iterator[Document]:
    """The records of all fine-tuning jobs."""
    return (record for record in account.part(Training).find() if program_of(record["job"]) == FINE_TUNING)


def progress_of(account: Account, record: Document) -> Progress:
    """How far a job is; one that follows a script has no progress."""
    root = account.part(Training).folder(id_of(record))
    return read_progress(root / FINE_TUNING) if root else Progress()


def output_url(job: Document) -> str:
    """The folder in OBS that a job leaves its artifacts in."""
    return str(job["spec"]["output_model"]["obs"]["obs_path"]).rstrip("/") + "/"


def _existing(account: Account, folder: str, what: str) -> str:
    url = f"{folder.rstrip('/')}/{WEIGHTS}"
    if account.objects.head(*split_url(url)) is None:
        raise invalid(f"{what} cannot be started from: {url} does not exist.")
    return url
