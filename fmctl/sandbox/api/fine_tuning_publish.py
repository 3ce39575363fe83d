"""Makes models of what fine-tuning has left.

POST /v2/{project_id}/training-jobs/{id}/ft-artifacts/publish
"""

from collections.abc import Sequence
from typing import Any

from fmctl.sandbox.api.fine_tuning import PUBLISHED, artifacts_of, find_tuning
from fmctl.sandbox.api.models import add_model
from fmctl.sandbox.api.training_jobs import JOB
from fmctl.sandbox.finetuning.artifacts import MODEL_TYPE
from fmctl.sandbox.finetuning.records import FINAL
from fmctl.sandbox.finetuning.starting import Left, find_artifact
from fmctl.sandbox.finetuning.views import UNPUBLISHED, default_name
from fmctl.sandbox.shapes import Kind, Shape, accept
from fmctl.sandbox.store import Document
from fmctl.sandbox.training import checks
from fmctl.sandbox.training.jobs import phase_of
from fmctl.sandbox.wire import Call, Reply, Route, WireError, route

TEXTS = (
    *("artifact_id", "asset_name", "visibility", "description", "publish_asset_type", "asset_source_type"),
    *("asset_code", "asset_version", "version_description"),
)
BODY: Shape = {
    "workspace_id": Kind.TEXT,
    "publish_artifacts": [{"is_ckpt": Kind.SWITCH, **dict.fromkeys(TEXTS, Kind.TEXT)}],
}


@route("POST", JOB + "/ft-artifacts/publish")
def publish_ft_artifacts(call: Call) -> Reply:
    """One artifact, the finished model unless a checkpoint is named, becomes a model of API v1, to be deployed."""
    body, record = accept(call.json(), BODY), find_tuning(call)
    sent = body.get("publish_artifacts") or [{}]
    if len(sent) > 1:
        raise checks.invalid("publish_artifacts: one at a time, since the answer has one model_id.")
    if phase_of(record) != "Completed":
        raise WireError(409, "ModelArts.2878", "Artifacts can be published when the training job has completed.")
    with call.sandbox.store.transaction():
        left = _left(call, sent[0])
        model_id = add_model(call, _model(left, sent[0], body.get("workspace_id") or ""))
        call.sandbox.store.put(PUBLISHED, left.artifact.id, {"model_id": model_id})
    return Reply(200, {"model_id": model_id})


ROUTES: Sequence[Route] = (publish_ft_artifacts,)


def _left(call: Call, sent: Document) -> Left:
    """The artifact that is meant, if it was not published before."""
    wanted, known = sent.get("artifact_id"), artifacts_of(call)
    if sent.get("is_ckpt") and not wanted:
        raise checks.invalid("publish_artifacts: a checkpoint is named by its artifact_id.")
    chosen = [one for one in known if (one["artifact_id"] == wanted if wanted else one["artifact_type"] == FINAL)]
    found = find_artifact(call.sandbox, chosen[0]["artifact_id"]) if chosen else None
    if found is None:
        raise checks.invalid(f"publish_artifacts: the job has no artifact {wanted or FINAL}.")
    if chosen[0]["status"] != UNPUBLISHED:
        raise checks.invalid(f"artifact {found.artifact.id} is published already, as {chosen[0]['asset_name']}.")
    return found


def _model(left: Left, sent: Document, workspace_id: str) -> dict[str, Any]:
    """The request for the model."""
    job = left.record["job"]
    asset = job["spec"].get("asset_model") or {}
    return {
        "model_name": sent.get("asset_name") or default_name(left.record, left.artifact),
        "model_version": sent.get("asset_version") or asset.get("version") or "1.0.0",
        "model_type": MODEL_TYPE,
        "source_location": left.url,
        "source_job_id": job["metadata"]["id"],
        "description": sent.get("description") or sent.get("version_description") or "",
        "workspace_id": workspace_id or job["metadata"]["workspace_id"],
    }
