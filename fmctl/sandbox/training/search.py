"""Which jobs a search finds: filters, order and pages of POST training-job-searches."""

import ipaddress
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from fmctl.sandbox.programs import FINE_TUNING, program_of
from fmctl.sandbox.store import Document
from fmctl.sandbox.training.checks import invalid, items
from fmctl.sandbox.training.jobs import Training
from fmctl.sandbox.training.runs import runs_of
from fmctl.sandbox.training.times import parse
from fmctl.sandbox.wire import WireError

HOST = "127.0.0.1"
MAX_LIMIT = 50
MAX_VALUES = 10
OPEN = (-math.inf, math.inf)
MAX_SPAN_SECONDS = 31 * 24 * 3600
TRAIN_TYPES = ("job", "ftjob")
OPERATORS = ("between", "like", "in", "not")

FIELDS: Mapping[str, Callable[[Document], Any]] = {
    "id": lambda job: job["metadata"]["id"],
    "name": lambda job: job["metadata"]["name"],
    "kind": lambda job: job["kind"],
    "phase": lambda job: job["status"]["phase"],
    "algorithm_id": lambda job: job["algorithm"].get("id", ""),
    "algorithm_name": lambda job: job["algorithm"].get("name", ""),
    "create_time": lambda job: job["metadata"]["create_time"],
    "pool_id": lambda job: job["spec"]["resource"].get("pool_id", ""),
    "training_experiment_id": lambda job: job["metadata"].get("training_experiment_reference", {}).get("id", ""),
    "runtime_type": lambda job: job["spec"]["runtime_type"],
    "priority": lambda job: str(job["spec"]["schedule_policy"]["priority"]),
}
USER = "user_id"
SORTS = ("create_time", "name", "phase", "priority")
Filter = tuple[str, str, list[str]]


def search(training: Training, body: Document, now: float) -> tuple[list[Document], int]:
    """The page of records that is asked for, and how many match in all."""
    limit, offset = _number(body, "limit", MAX_LIMIT, 1, MAX_LIMIT), _number(body, "offset", 0, 0, 1_000_000)
    key, descending = _order(body)
    filters = [found for item in _list(body) if (found := _filter(item))]
    tags = tag_filters(body)
    if (tags or body.get("host_ips")) and all(name != "create_time" for name, _, _ in filters):
        filters.append(_lately(now))
    if body.get("train_type") not in (None, "", *TRAIN_TYPES):
        raise WireError(400, "ModelArts.2764", f"train_type must be one of {', '.join(TRAIN_TYPES)}.")
    if not _here(body):
        return [], 0
    workspace = str(body.get("workspace_id") or "0")
    known = [one for one in _candidates(training, filters) if one["job"]["metadata"]["workspace_id"] == workspace]
    known = [one for one in known if body.get("train_type") in (None, "", _train_type(one["job"]))]
    matches = [record for record in known if all(_fits(record, one) for one in filters)]
    matches = [record for record in matches if has_tags(record, tags)]
    matches.sort(key=lambda record: _actual(record, key), reverse=descending)
    return matches[offset * limit : (offset + 1) * limit], len(matches)


def _train_type(job: Document) -> str:
    """Without one of its own, a search finds both; only the console keeps the two apart."""
    return "ftjob" if program_of(job) == FINE_TUNING else "job"


def _lately(now: float) -> Filter:
    """Searches by tags or hosts look back a month, unless they say otherwise."""
    span = (datetime.fromtimestamp(time, UTC).isoformat() for time in (now - MAX_SPAN_SECONDS, now))
    return "create_time", "between", list(span)


def _here(body: Document) -> bool:
    """All tasks run on this machine, so a search by hosts finds every job or none."""
    hosts = body.get("host_ips") or []
    if not isinstance(hosts, list) or len(hosts) > MAX_VALUES:
        raise WireError(400, "ModelArts.2764", f"host_ips must be a list of at most {MAX_VALUES} addresses.")
    for host in hosts:
        if not _is_address(host):
            raise WireError(400, "ModelArts.2764", f"host_ips: {host!r} is no address.")
    return not hosts or HOST in hosts


def task_ips(record: Document) -> list[Document]:
    """Where the tasks of a job are, for a search by hosts; the host of a public machine is not told."""
    on_pool = bool(record["job"]["spec"]["resource"].get("pool_id"))
    count = max(len(runs_of(record)), 1)
    here = {"ip": HOST, "host_ip": HOST if on_pool else "", "schedule_count": count}
    return [{"task": task, **here} for task in record["job"]["status"]["tasks"]]


def _is_address(host: Any) -> bool:
    try:
        ipaddress.ip_address(host if isinstance(host, str) else "")
    except ValueError:
        return False
    return True


def _candidates(training: Training, filters: Sequence[Filter]) -> list[Document]:
    """What the store can narrow down by itself; the filters are applied again afterwards."""
    phases = [tuple(values) for key, operator, values in filters if key == "phase" and operator == "in"]
    parts = [values for key, operator, values in filters if key == "name" and operator == "like"]
    return training.find(
        phases[0] if phases else None, name_contains=parts[0][0] if parts and len(parts[0]) == 1 else None
    )


def _actual(record: Document, key: str) -> Any:
    """What a job has in the field that a filter names; who made it is not shown in the job itself."""
    return record.get(USER, "") if key == USER else FIELDS[key](record["job"])


def _list(body: Document) -> list[Any]:
    filters = body.get("filters") or []
    if not isinstance(filters, list):
        raise WireError(400, "ModelArts.2789", "filters must be a list.")
    return filters


def _filter(item: Any) -> Filter | None:
    """A filter that was checked; None when its value sets no constraint."""
    if not isinstance(item, dict):
        raise WireError(400, "ModelArts.2789", f"Filter item {item!r} is not supported.")
    key, operator = item.get("key"), item.get("operator") or "in"
    if not isinstance(key, str) or key not in (*FIELDS, USER):
        raise WireError(400, "ModelArts.2807", f"Condition key {key!r} is not supported.")
    if operator not in OPERATORS or (operator == "between" and key != "create_time"):
        raise WireError(400, "ModelArts.2808", f"Operator {operator!r} is not supported for {key}.")
    values = item.get("value")
    values = [] if values in (None, "") else values
    if not isinstance(values, list) or len(values) > MAX_VALUES or not all(isinstance(one, str) for one in values):
        raise WireError(400, "ModelArts.2809", f"The value of {key} must be a list of at most {MAX_VALUES} texts.")
    if operator == "between" and any(values):
        _span(values)
        return key, operator, values
    values = [one for one in values if one]
    return (key, operator, values) if values else None


def _fits(record: Document, condition: Filter) -> bool:
    key, operator, values = condition
    actual = _actual(record, key)
    if operator == "between":
        first, last = _span(values)
        return first <= float(actual) / 1000 <= last
    if operator == "like":
        return any(value in str(actual) for value in values)
    return (str(actual) in values) == (operator == "in")


def _span(values: Sequence[str]) -> tuple[float, float]:
    """From when until when, both included; an empty end is open."""
    try:
        first, last = (parse(value) if value else limit for value, limit in zip(values, OPEN, strict=True))
    except (ValueError, OverflowError) as error:
        raise WireError(400, "ModelArts.2809", "between needs two RFC 3339 times.") from error
    if math.inf > last - first > MAX_SPAN_SECONDS:
        raise WireError(400, "ModelArts.2809", "between spans at most 31 days.")
    return first, last


def tag_filters(body: Document) -> dict[str, list[str]]:
    """The tags that are asked for: every key must be there, with one of its values if there are any."""
    tags = items(body, "tags")
    if len(tags) > MAX_VALUES:
        raise WireError(400, "ModelArts.2816", f"tags must have at most {MAX_VALUES} keys.")
    wanted: dict[str, list[str]] = {}
    for tag in tags:
        key, values = tag.get("key"), tag.get("values") or []
        if not isinstance(key, str) or not key or key in wanted:
            raise invalid("tags must have keys of their own.")
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise invalid(f"the values of tag {key} must be a list of texts.")
        if len(values) > MAX_VALUES:
            raise WireError(400, "ModelArts.2816", f"tag {key} must have at most {MAX_VALUES} values.")
        if len(set(values)) < len(values):
            raise invalid(f"the values of tag {key} must differ from one another.")
        wanted[key] = [value for value in values if value]
    return wanted


def has_tags(record: Document, wanted: Mapping[str, Sequence[str]]) -> bool:
    """Whether a job carries all of the tags."""
    tags = record.get("tags") or {}
    return all(key in tags and (not values or tags[key] in values) for key, values in wanted.items())


def _order(body: Document) -> tuple[str, bool]:
    key, order = body.get("sort_by") or "create_time", body.get("order") or "desc"
    if key not in SORTS or order not in ("asc", "desc"):
        raise WireError(400, "ModelArts.2790", f"Sort item {key!r} {order!r} is not supported.")
    return key, order == "desc"


def _number(body: Document, key: str, default: int, least: int, most: int) -> int:
    value = default if body.get(key) is None else body[key]
    if type(value) is not int or not least <= value <= most:
        raise WireError(400, "ModelArts.2764", f"{key} must be an integer from {least} to {most}.")
    return value
