"""Scaling by the clock: cron rules of a deployment, and what they did. Cron is read in UTC.

Rules that follow metrics are kept and shown, but nothing here measures load: they stay INACTIVE.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from fmctl.sandbox.models.checks import MISSING, invalid
from fmctl.sandbox.services_v2 import state
from fmctl.sandbox.services_v2.rules import Fields, flag, many, one_of, text, whole
from fmctl.sandbox.services_v2.state import Deployment, Document
from fmctl.sandbox.services_v2.updates import scaled
from fmctl.sandbox.serving.state import milliseconds
from fmctl.sandbox.wire import WireError

CRON, METRIC = "CRON_HPA", "METRIC_HPA"
RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
LOOK_AHEAD = timedelta(days=4 * 366 + 1)  # 29 February comes at least that often
KEPT_EVENTS = 100
LATE = 60.0

COUNT = whole(1, 128)
RULE = Fields(
    {
        "id": text(),
        "name": text(r"[a-z][a-z0-9-]{2,62}[a-z0-9]", "4 to 64 lower-case letters, digits and hyphens, a letter first"),
        "type": one_of(CRON, METRIC),
        "schedule": text(),
        "target_replicas": COUNT,
        "min_replicas": COUNT,
        "max_replicas": COUNT,
        "downscale_window": COUNT,
        "upscale_window": COUNT,
        "disable": flag,
        "operate": one_of("ADD", "UPDATE", "DELETE"),
    }
)
NEW = Fields(
    {
        "type": one_of(CRON, METRIC),
        "target_resource_id": text(),
        "target_resource_type": one_of("GROUP"),
        "workspace_id": text(),
        "hpa_rules": many(RULE.but(required=["name", "type"])),
    },
    ["type", "target_resource_id", "target_resource_type", "hpa_rules"],
)
CHANGE = Fields({"id": text(), "workspace_id": text(), "hpa_rules": many(RULE)}, ["hpa_rules"])


def create(deployment: Deployment, body: Mapping[str, Any], now: float) -> None:
    """A policy with its rules."""
    if deployment["hpa"]:
        raise invalid("hpa", "the deployment has a policy already; update it, or delete it first")
    if body["target_resource_id"] != deployment["id"]:
        raise invalid("target_resource_id", "the id of the deployment in the path")
    identity = {"id": str(uuid.uuid4()), "name": f"hpa-{deployment['id'][:8]}", "type": body["type"]}
    policy = identity | {"workspace_id": body.get("workspace_id", "0"), "hpa_rules": []}
    for rule in body["hpa_rules"]:
        _add(policy, rule, now)
    deployment["hpa"] = policy


def change(deployment: Deployment, body: Mapping[str, Any], now: float) -> None:
    """Each rule says what becomes of it; rules that are not named stay."""
    policy = deployment["hpa"]
    for rule in body["hpa_rules"]:
        if rule.get("operate", "ADD") == "ADD":
            _add(policy, rule, now)
            continue
        known = next((one for one in policy["hpa_rules"] if _same(one, rule)), None)
        if known is None:
            raise invalid("hpa_rules", f"there is no rule {rule.get('id') or rule.get('name')}")
        policy["hpa_rules"].remove(known)
        if rule["operate"] == "UPDATE":
            _add(policy, known | rule, now)


def shown(policy: Mapping[str, Any], deployment: Deployment) -> dict[str, Any]:
    """A policy as the API has it."""
    targets = [rule["target_replicas"] for rule in policy["hpa_rules"] if "target_replicas" in rule]
    active = any(rule.get("due") for rule in policy["hpa_rules"])
    return {
        "id": policy["id"],
        "name": policy["name"],
        "target_resource_id": deployment["id"],
        "target_resource_type": "GROUP",
        "min_replicas": min(targets, default=1),
        "max_replicas": max(targets, default=1),
        "status": "ACTIVE" if active else "INACTIVE",
        "workspace_id": policy["workspace_id"],
        "hpa_rules": [_shown_rule(policy, rule) for rule in policy["hpa_rules"]],
    }


def moves(document: Document, now: float) -> list[Callable[[Document], None]]:
    """Scale what is due; a deployment that cannot be scaled then misses its turn."""
    due = [one["id"] for one in document["deployments"] if _due(one, now)]
    return [lambda fresh: _fire(fresh, due, now)] if due else []


def next_time(schedule: str, now: float) -> float:
    """The first minute after `now` that a cron expression of five fields means."""
    minutes, hours, days, months, weekdays = parse(schedule)
    moment = datetime.fromtimestamp(now // 60 * 60 + 60, UTC)
    end = moment + LOOK_AHEAD
    any_day, any_weekday = (schedule.split()[at] == "*" for at in (2, 4))
    while moment < end:
        by_day, by_weekday = moment.day in days, moment.isoweekday() % 7 in weekdays
        # Cron's old rule: when both are restricted, one of them is enough.
        fits = by_day and by_weekday if any_day or any_weekday else by_day or by_weekday
        if moment.month not in months or not fits:
            moment = (moment + timedelta(days=1)).replace(hour=0, minute=0)
        elif moment.hour not in hours:
            moment = (moment + timedelta(hours=1)).replace(minute=0)
        elif moment.minute not in minutes:
            moment += timedelta(minutes=1)
        else:
            return moment.timestamp()
    raise invalid("schedule", f"{schedule} never comes")


def parse(schedule: str) -> list[frozenset[int]]:
    """The values of each of the five fields."""
    fields = schedule.split()
    if len(fields) != len(RANGES):
        raise invalid("schedule", "five fields: minute, hour, day, month and weekday")
    values = [_values(field, low, high) for field, (low, high) in zip(fields, RANGES, strict=True)]
    return [*values[:4], frozenset(day % 7 for day in values[4])]


def _values(field: str, low: int, high: int) -> frozenset[int]:
    found: set[int] = set()
    for part in field.split(","):
        match = re.fullmatch(r"(?:\*|\?|(\d{1,2})(?:-(\d{1,2}))?)(?:/(\d{1,2}))?", part)
        if not match:
            raise invalid("schedule", f"{field} is no field of cron")
        first, last, step = match.groups()
        begin = int(first) if first else low
        end = int(last) if last else (begin if first and not step else high)
        if not low <= begin <= end <= high or step == "0":
            raise invalid("schedule", f"{field} is not between {low} and {high}")
        found.update(range(begin, end + 1, int(step or 1)))
    return frozenset(found)


def _add(policy: dict[str, Any], rule: Mapping[str, Any], now: float) -> None:
    rule = {"disable": False, **rule, "id": rule.get("id") or str(uuid.uuid4()), "due": None}
    rule.pop("operate", None)
    if any(one["name"] == rule.get("name") for one in policy["hpa_rules"]):
        raise invalid("hpa_rules", f"there are two rules named {rule['name']}")
    if rule.get("type", policy["type"]) == CRON:
        for name in ("schedule", "target_replicas"):
            if name not in rule:
                raise WireError(400, MISSING, f"Required parameter hpa_rules.{name} is missing.")
        following = next_time(rule["schedule"], now)
        rule["due"] = None if rule["disable"] else following
    policy["hpa_rules"].append(rule | {"type": rule.get("type", policy["type"]), "status": "CONFIG_SUCCESS"})


def _due(deployment: Deployment, now: float) -> bool:
    rules: Sequence[Mapping[str, Any]] = (deployment["hpa"] or {"hpa_rules": ()})["hpa_rules"]
    return any(rule["due"] and now >= rule["due"] for rule in rules)


def _fire(document: Document, due: Sequence[str], now: float) -> None:
    for deployment in document["deployments"]:
        if deployment["id"] not in due:
            continue
        for rule in deployment["hpa"]["hpa_rules"]:
            if rule["due"] and now >= rule["due"]:
                is_late = now - rule["due"] >= LATE
                rule["due"] = next_time(rule["schedule"], now)
                if not is_late:  # nobody looked, while the service was at rest
                    _scale(document, deployment, rule, now)


def _scale(document: Document, deployment: Deployment, rule: dict[str, Any], now: float) -> None:
    plan, count = state.plan_of(deployment), len(state.plan_of(deployment)["ordinals"])
    possible = deployment["status"] in {"RUNNING", "CONCERNING"} and not document["target"]
    if possible and count != rule["target_replicas"]:
        target = plan | {"ordinals": scaled(plan["ordinals"], rule["target_replicas"])}
        state.begin_upgrade(document, deployment, target, now)
    rule["status"] = "EXECUTE_SUCCESS" if possible else "FAILED"
    deployment["hpa_events"].append(
        {
            "id": str(uuid.uuid4()),
            "hpa_id": deployment["hpa"]["id"],
            "status": "SUCCESS" if possible else "FAILED",
            "message": f"Rule {rule['name']}" if possible else f"The deployment is {deployment['status']}.",
            "current_replicas": count,
            "target_replicas": rule["target_replicas"],
            "final_replicas": rule["target_replicas"] if possible else count,
            "record_time": str(milliseconds(now)),
        }
    )
    del deployment["hpa_events"][:-KEPT_EVENTS]


def _same(known: Mapping[str, Any], rule: Mapping[str, Any]) -> bool:
    key = "id" if "id" in rule else "name"
    return bool(known[key] == rule.get(key))


def _shown_rule(policy: Mapping[str, Any], rule: Mapping[str, Any]) -> dict[str, Any]:
    names = ("id", "name", "type", "schedule", "target_replicas", "status")
    return {name: rule[name] for name in names if name in rule} | {
        "hpa_id": policy["id"],
        "disable": str(rule["disable"]).lower(),  # a string here, though requests have a boolean
    }
