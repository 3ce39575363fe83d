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
        _walk(talk)
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
    wrong = {
        "again": body(talk),
        "odd version": body(talk) | {"model_version": "01.0.0"},
        "odd description": body(talk) | {"model_version": OTHER, "description": "a & b"},
        "unnamed": {key: value for key, value in body(talk).items() if key != "model_name"},
    }
    for step, each in wrong.items():
        talk.in_vain(step, MODELS, each, "model_id")


def _lists(talk: Talk) -> None:
    name = talk.name("model")
    talk.ask("by name", "GET", MODELS, model_name=name, limit=50)
    talk.ask("by part", "GET", MODELS, model_name=name[:-2], exact_match="true")
    talk.ask("by version", "GET", MODELS, model_name=name, model_version=FIRST)
    talk.ask("by other version", "GET", MODELS, model_name=name, model_version=OTHER)
    talk.ask("by status", "GET", MODELS, model_name=name, model_status="published")
    talk.ask("by other status", "GET", MODELS, model_name=name, model_status="failed")
    talk.ask("by type", "GET", MODELS, model_name=name, not_model_type="PyTorch")


def _walk(talk: Talk) -> None:
    """Look at pages of two versions each, of as many as the site may have of us."""
    bodies = [body(talk) | {"model_version": f"2.0.{at}"} for at in range(1, talk.site.several)]
    made = [talk.apart().ask("created", "POST", MODELS, each).good["model_id"] for each in bodies]
    order = {"model_name": talk.name("model"), "sort_by": "create_at", "order": "asc"}
    try:
        for offset in (0, 2, 4):
            talk.ask(f"from {offset}", "GET", MODELS, **order, limit=2, offset=offset)
    finally:
        for model_id in made:
            forget(talk.apart(), model_id)


def body(talk: Talk) -> dict[str, Any]:
    """A new model, of files."""
    return {
        "model_name": talk.name("model"),
        "model_version": FIRST,
        "model_type": "PyTorch",
        "source_location": f"/{talk.site.bucket}/{talk.site.folder}{MODEL}".rstrip("/"),
        "description": "of a contract",
    }
