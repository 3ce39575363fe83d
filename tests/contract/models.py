"""The conversation about models: made, published, listed, kept while they are used, deleted."""

from __future__ import annotations

from typing import Any

from .objects import empty
from .program import MODEL, upload_model
from .talk import Talk, field

MODELS = "/v1/{project_id}/models"
NOBODY = "00000000-0000-4000-8000-000000000000"
FIRST, OTHER = "1.0.0", "1.0.1"
SETTLED = ("published", "failed", "building_failed")


def hold(talk: Talk) -> Talk:
    """One model from its making to its end; whatever happens on the way, it is deleted."""
    talk.ask("unknown", "GET", f"{MODELS}/{NOBODY}")
    model_id = publish(talk)
    try:
        _refusals(talk)
        _lists(talk)
    finally:
        forget(talk, model_id)
    return talk


def publish(talk: Talk) -> str:
    """The id of a model that can be deployed."""
    upload_model(talk.site)
    model_id = str(talk.ask("created", "POST", MODELS, body(talk)).good["model_id"])
    try:
        talk.until("published", f"{MODELS}/{model_id}", field("model_status", *SETTLED))
    except BaseException:
        forget(talk, model_id)
        raise
    return model_id


def forget(talk: Talk, model_id: str) -> None:
    """Delete a model, as soon as no service has it, and look that it is gone."""
    model = f"{MODELS}/{model_id}"
    talk.until("deleted", model, lambda answer: model_id in answer.good["delete_success_list"], method="DELETE")
    talk.until("gone", model, lambda answer: answer.status >= 400)
    empty(talk.site, MODEL)


def _refusals(talk: Talk) -> None:
    talk.ask("again", "POST", MODELS, body(talk))
    talk.ask("odd version", "POST", MODELS, body(talk) | {"model_version": "01.0.0"})
    talk.ask("odd description", "POST", MODELS, body(talk) | {"model_version": OTHER, "description": "a & b"})
    talk.ask("unnamed", "POST", MODELS, {key: value for key, value in body(talk).items() if key != "model_name"})


def _lists(talk: Talk) -> None:
    name = talk.name("model")
    talk.ask("by name", "GET", MODELS, model_name=name, limit=50)
    talk.ask("by part", "GET", MODELS, model_name=name[:-2], exact_match="true")
    talk.ask("by version", "GET", MODELS, model_name=name, model_version=FIRST)
    talk.ask("by other version", "GET", MODELS, model_name=name, model_version=OTHER)
    talk.ask("by status", "GET", MODELS, model_name=name, model_status="published")
    talk.ask("by other status", "GET", MODELS, model_name=name, model_status="failed")
    talk.ask("by type", "GET", MODELS, model_name=name, not_model_type="PyTorch")
    talk.ask("second page", "GET", MODELS, model_name=name, limit=1, offset=1)


def body(talk: Talk) -> dict[str, Any]:
    """A new model, of files."""
    return {
        "model_name": talk.name("model"),
        "model_version": FIRST,
        "model_type": "PyTorch",
        "source_location": f"/{talk.site.bucket}/{talk.site.folder}{MODEL}".rstrip("/"),
        "description": "of a contract",
    }
