"""Real-time services, whoever serves."""

from __future__ import annotations

import pytest

from .shape import misfits, one_of
from .talk import Talk

STATUSES = one_of("deploying", "waiting", "pending", "running", "concerning", "failed", "stopping", "stopped")
ITEM = {
    "service_id": str,
    "service_name": str,
    "description": str,
    "tenant": str,
    "project": str,
    "owner": str,
    "infer_type": one_of("real-time"),
    "workspace_id": one_of("0", 0),
    "status": STATUSES,
    "publish_at": int,
    "transition_at": int,
    "update_time": int,
    "invocation_times": int,
    "failed_times": int,
    "is_shared": bool,
    "shared_count": int,
}
DETAIL = {
    **ITEM,
    "access_address": str,
    "additional_properties": dict,
    "schedule.0.type": one_of("stop"),
    "due_time": int,
    "config.0.model_id": str,
    "config.0.model_name": str,
    "config.0.model_version": one_of("1.0.0"),
    "config.0.specification": str,
    "config.0.weight": one_of(100, "100"),
    "config.0.instance_count": int,
    "config.0.envs": dict,
    "config.0.status": str,
}
CHANGED = {"update_time": (int, str), "resource_ids": (list, str)}
LISTS = {"total_count": int, "count": int, "services": list}
LOG = {"update_time": int, "result": one_of("SUCCESS", "FAIL", "RUNNING"), "config.0.model_id": str}


def test_creation_answers_with_an_id(about_services: Talk) -> None:
    """200, and the service starts by itself."""
    created = about_services["created"]

    assert (200, []) == (created.status, misfits({"service_id": str, "resource_ids": list}, created.data))


def test_a_service_runs(about_services: Talk) -> None:
    """Then it has an address, and what was sent, completed with the name of its model."""
    running = about_services["running"].good

    assert ("running", []) == (running["status"], misfits(DETAIL, running))
    assert about_services.name("model") == running["config"][0]["model_name"]


@pytest.mark.parametrize(
    ("step", "refusal"),
    [
        ("again", (409, "3503")),
        ("unknown", (404, "3502")),
        ("unknown model", (404, "3507")),
        ("light weight", (400, "3037")),
        ("foreign model", (400, "3529")),
    ],
)
def test_a_mistake_has_its_code(about_services: Talk, step: str, refusal: tuple[int, str]) -> None:
    """Taken, unknown and wrong are told apart."""
    assert refusal == about_services[step].refusal


@pytest.mark.parametrize("step", ["started twice", "stopped twice", "scaled while stopped"])
def test_what_the_status_does_not_allow_is_3519(about_services: Talk, step: str) -> None:
    """The status that it has is refused, too; and only what runs has a number of instances to change."""
    assert (400, "3519") == about_services[step].refusal


@pytest.mark.parametrize("step", ["by name", "by model", "by status", "by type"])
def test_a_service_is_listed_by_what_fits(about_services: Talk, step: str) -> None:
    """Lists show no config and no address."""
    answer = about_services[step].good
    [service] = [item for item in answer["services"] if item["service_name"] == about_services.name("service")]

    assert [] == misfits(LISTS, answer) + misfits(ITEM, service)
    assert not {"config", "access_address"} & service.keys()


def test_a_service_is_not_listed_by_another_status(about_services: Talk) -> None:
    """Filters hold together."""
    assert [] == about_services["by other status"].good["services"]


def test_the_offset_leaves_services_out(about_services: Talk) -> None:
    """`total_count` is of all that fit, `count` of those that are shown."""
    page = about_services["second page"].good

    assert (1, 0, []) == (page["total_count"], page["count"], page["services"])


def test_a_config_is_replaced_while_the_service_runs(about_services: Talk) -> None:
    """It is read back as it was sent, and the newest entry of the history says that it went well."""
    reread, [newest, *_] = about_services["reread"].good, about_services["logs"].good["logs"]

    assert [] == misfits(CHANGED, about_services["configured"].good) + misfits(LOG, newest)
    assert ("running", {"COLOUR": "blue"}) == (reread["status"], reread["config"][0]["envs"])
    assert "SUCCESS" == newest["result"]


def test_a_description_is_changed_by_itself(about_services: Talk) -> None:
    """What is not sent stays as it is."""
    before, after = about_services["reread"].good, about_services["redescribed"].good

    assert 200 == about_services["described"].status
    assert ("other words", "running", before["config"]) == (after["description"], after["status"], after["config"])


def test_a_status_beside_a_config_counts_alone(about_services: Talk) -> None:
    """The config is dropped without a word."""
    stopped = about_services["stopped"].good

    assert 200 == about_services["status beside config"].status
    assert ("stopped", {"COLOUR": "blue"}) == (stopped["status"], stopped["config"][0]["envs"])


def test_a_service_is_started_again(about_services: Talk) -> None:
    """With the config that it had."""
    again = about_services["running again"].good

    assert 200 == about_services["started"].status
    assert ("running", {"COLOUR": "blue"}) == (again["status"], again["config"][0]["envs"])


def test_instances_are_changed_by_themselves(about_services: Talk) -> None:
    """The one property that there is; nothing else of the config moves."""
    service = about_services["two instances"].good

    assert [] == misfits(CHANGED, about_services["scaled"].good)
    assert ("running", 2) == (service["status"], service["config"][0]["instance_count"])
    assert {"COLOUR": "blue"} == service["config"][0]["envs"]


def test_a_service_is_deleted_while_it_runs(about_services: Talk) -> None:
    """200 with nothing in it, and in the end 3502."""
    deleted = about_services["deleted"]

    assert (200, None) == (deleted.status, deleted.data or None)
    assert (404, "3502") == about_services["gone"].refusal
