"""Model versions, whoever keeps them."""

from __future__ import annotations

import json

import pytest

from .shape import misfits, one_of
from .talk import Talk

STATUSES = one_of("publishing", "building", "published", "failed", "building_failed")
ITEM = {
    "model_id": str,
    "model_name": str,
    "model_version": str,
    "model_type": str,
    "model_status": STATUSES,
    "model_size": int,
    "model_source": one_of("auto", "algos", "custom"),
    "tenant": str,
    "project": str,
    "owner": str,
    "create_at": int,
    "description": str,
    "workspace_id": one_of("0", 0),
    "install_type": list,
    "specification": dict,
    "tunable": bool,
    "market_flag": bool,
    "publishable_flag": bool,
}
DETAIL = {**ITEM, "source_location": str, "runtime": str, "apis": str, "config": str, "model_docs": list}
LISTS = {"total_count": int, "count": int, "models": list}


def test_a_model_is_published(about_models: Talk) -> None:
    """Its import goes on by itself and ends published, as the model that was sent."""
    published = about_models["published"].good

    assert [] == misfits(DETAIL, published)
    assert ("published", "1.0.0", "of a contract") == tuple(
        published[key] for key in ("model_status", "model_version", "description")
    )


def test_creation_answers_with_an_id_alone(about_models: Talk) -> None:
    """200, as every call of the first API."""
    created = about_models["created"]

    assert (200, {"model_id": about_models["published"].data["model_id"]}) == (created.status, created.data)


def test_the_platform_fills_in_what_was_not_sent(about_models: Talk) -> None:
    """A runtime is chosen, uses have defaults in other words than requests, and two fields hold JSON as text."""
    published = about_models["published"].good

    assert published["runtime"]
    assert {"realtime", "batch"} <= set(published["install_type"])
    assert (list, dict) == (type(json.loads(published["apis"])), type(json.loads(published["config"])))


@pytest.mark.parametrize(
    ("step", "refusal"),
    [
        ("again", (409, "3002")),
        ("odd version", (400, "3037")),
        ("odd description", (400, "3037")),
        ("unnamed", (400, "3036")),
        ("unknown", (404, "3001")),
    ],
)
def test_a_mistake_has_its_code(about_models: Talk, step: str, refusal: tuple[int, str]) -> None:
    """Taken, wrong, missing and unknown are told apart."""
    assert refusal == about_models[step].refusal


@pytest.mark.parametrize("step", ["by name", "by part", "by version", "by status"])
def test_a_model_is_listed_by_what_fits(about_models: Talk, step: str) -> None:
    """Lists show less than the detail."""
    answer = about_models[step].good
    [model] = [item for item in answer["models"] if item["model_name"] == about_models.name("model")]

    assert [] == misfits(LISTS, answer) + misfits(ITEM, model)
    assert about_models["created"].data["model_id"] == model["model_id"]


@pytest.mark.parametrize("step", ["by other version", "by other status", "by type"])
def test_a_model_is_not_listed_by_what_does_not_fit(about_models: Talk, step: str) -> None:
    """Filters hold together."""
    assert (0, 0, []) == tuple(about_models[step].good[key] for key in ("total_count", "count", "models"))


def test_the_offset_counts_models(about_models: Talk) -> None:
    """And no pages; `total_count` is of all that fit, `count` of those that are shown, in the order of the question."""
    several = about_models.site.several
    pages = [about_models[f"from {offset}"].good for offset in (0, 2, 4)]
    versions = [model["model_version"] for page in pages for model in page["models"]]

    assert [several] * 3 == [page["total_count"] for page in pages]
    assert [min(several, 2), max(several - 2, 0), 0] == [page["count"] for page in pages]
    assert ["1.0.0", *(f"2.0.{at}" for at in range(1, several))] == versions


def test_a_model_is_deleted(about_models: Talk) -> None:
    """The answer has two lists, and only they tell what became of it."""
    model_id = about_models["created"].data["model_id"]

    assert {"delete_success_list": [model_id], "delete_failed_list": []} == about_models["deleted"].good
    assert (404, "3001") == about_models["gone"].refusal


def test_a_model_in_use_is_kept(about_services: Talk) -> None:
    """200 all the same: the id stands among those that failed, with the code 3009."""
    kept = about_services["model kept"]
    [failure] = kept.good["delete_failed_list"]

    assert (200, []) == (kept.status, kept.data["delete_success_list"])
    assert "ModelArts.3009" == failure["error_code"]
