"""On what a job runs, and how: machines, volumes, schedule, notification, time limit."""

from typing import Any

from fmctl.sandbox.objects import Objects
from fmctl.sandbox.training.catalog import POOL_ID, Flavor, find_engine, find_flavor
from fmctl.sandbox.training.checks import Fields, check_url, invalid, items, mapping
from fmctl.sandbox.wire import WireError

PRIORITIES = (1, 2, 3)
MAX_VOLUMES = 8
VOLUME_KINDS = ("nfs", "pfs", "obs")
TAKEN = ("/", "/cache", "/home/ma-user/modelarts")
EVENTS = (
    "JobStarted",
    "JobCompleted",
    "JobFailed",
    "JobTerminated",
    "JobRestarted",
    "JobHanged",
    "JobPreempted",
)


def check_resource(spec: Fields) -> Flavor:
    """Flavor, pool and number of nodes."""
    resource = mapping(spec, "resource")
    nodes = 1 if resource.get("node_count") is None else resource["node_count"]
    if nodes < 1:
        raise invalid("spec.resource.node_count must be an integer of at least 1.")
    pool, flavor_id = resource.get("pool_id") or "", resource.get("flavor_id") or ""
    if pool and pool != POOL_ID:
        raise WireError(404, "ModelArts.2890", f"Pool {pool} not found.")
    if pool and not flavor_id:
        raise WireError(400, "ModelArts.2781", f"Pool {pool} has accelerators: spec.resource.flavor_id is needed.")
    _check_customized(mapping(resource, "main_container_customized_flavor"), on_pool=bool(pool))
    flavor = find_flavor(flavor_id, pool=bool(pool))
    if flavor is None:
        raise WireError(400, "ModelArts.2781", f"Flavor {flavor_id or '(none)'} not found.")
    if nodes > flavor.max_num:
        raise WireError(
            400, "ModelArts.2793", f"node_count {nodes} exceeds the maximum {flavor.max_num} of {flavor_id}."
        )
    return flavor


def _check_customized(wanted: Fields, *, on_pool: bool) -> None:
    """A part of a node of the pool."""
    if wanted and not on_pool:
        raise invalid("spec.resource.main_container_customized_flavor needs a dedicated pool.")
    positive = all(wanted.get(name, 1) > 0 for name in ("cpu_core_num", "mem_size"))
    if not positive or wanted.get("accelerator_num", 0) < 0:
        raise invalid("spec.resource.main_container_customized_flavor has more than 0 cores and memory.")


def check_fit(flavor: Flavor, nodes: int, engine: Fields, requirements: list[Fields]) -> None:
    """The flavor is one that the stored algorithm wants, and that the engine runs on."""
    if flavor.pool:
        return
    offered = {
        "flavor_type": flavor.type,
        "device_distributed_mode": "multiple" if flavor.devices > 1 else "singular",
        "host_distributed_mode": "multiple" if nodes > 1 else "singular",
    }
    for requirement in requirements:
        key, values = requirement.get("key"), requirement.get("values") or []
        # What is made for several devices or machines runs on one, too.
        if key in offered and values and offered[key] not in (*values, "singular"):
            raise WireError(400, "ModelArts.2763", f"Flavor {flavor.id}: the algorithm wants {key} in {values}.")
    known = find_engine(engine)
    if known and not engine.get("image_url") and not known.runs_on(flavor):
        raise WireError(400, "ModelArts.2840", f"Engine {known.id} is not supported on flavor {flavor.id}.")


def check_spec(spec: Fields, objects: Objects) -> None:
    """Everything else below spec."""
    on_pool = bool(mapping(spec, "resource").get("pool_id"))
    for name in ("auto_stop", "reserved_time"):
        _check_duration(name, mapping(spec, name))
    _check_volumes(items(spec, "volumes"), on_pool=on_pool)
    check_schedule(mapping(spec, "schedule_policy"), on_pool=on_pool)
    check_notification(mapping(spec, "notification"))
    log_url = mapping(spec, "log_export_path").get("obs_url")
    if log_url:
        check_url("spec.log_export_path", log_url, objects)
    _check_words(spec)


def check_schedule(policy: Fields, *, on_pool: bool) -> None:
    """A priority is for dedicated pools."""
    if not policy:
        return
    if not on_pool:
        raise invalid("spec.schedule_policy needs a dedicated pool.")
    if policy.get("priority") not in (None, *PRIORITIES):
        raise invalid("spec.schedule_policy.priority must be 1, 2 or 3.")
    if policy.get("required_affinity") and policy.get("preferred_affinity"):
        raise invalid("spec.schedule_policy has required_affinity or preferred_affinity, not both.")


def check_notification(notification: Fields) -> None:
    """A topic, and events that there are."""
    if not notification:
        return
    if not notification.get("topic_urn"):
        raise invalid("spec.notification.topic_urn is needed.")
    unknown = [event for event in notification.get("events") or [] if event not in EVENTS]
    if unknown:
        raise invalid(f"spec.notification.events: {unknown[0]} is none of {', '.join(EVENTS)}.")


def _check_duration(name: str, limit: Fields) -> None:
    if limit and (limit.get("time_unit") != "HOURS" or (limit.get("duration") or 0) < 1):
        raise invalid(f"spec.{name} must have time_unit HOURS and an integer duration of at least 1.")


def _check_volumes(volumes: list[Fields], *, on_pool: bool) -> None:
    if volumes and not on_pool:
        raise invalid("spec.volumes need a dedicated pool.")
    if len(volumes) > MAX_VOLUMES:
        raise WireError(400, "ModelArts.2816", f"spec.volumes must have at most {MAX_VOLUMES} entries.")
    seen: set[str] = set()
    for volume in volumes:
        kinds = [kind for kind in VOLUME_KINDS if volume.get(kind)]
        path: Any = volume[kinds[0]].get("local_path") if kinds else None
        if len(kinds) != 1 or not path or not path.startswith("/"):
            raise invalid(f"spec.volumes: each is one of {', '.join(VOLUME_KINDS)}, with an absolute local_path.")
        if (path.rstrip("/") or "/") in (*TAKEN, *seen):
            raise invalid(f"spec.volumes: nothing can be mounted at {path}, or something is already.")
        seen.add(path.rstrip("/"))


def _check_words(spec: Fields) -> None:
    words = (
        ("runtime_type", spec.get("runtime_type"), ("production", "debug")),
        ("log_export_config.version", mapping(spec, "log_export_config").get("version"), ("v0", "v1")),
        ("retention.policy", mapping(spec, "retention").get("policy"), ("enabled", "disabled")),
    )
    for name, value, allowed in words:
        if value and value not in allowed:
            raise invalid(f"spec.{name} must be one of {', '.join(allowed)}.")
    for metric in items(spec, "custom_metrics"):
        if bool(metric.get("exec")) == bool(metric.get("http_get")):
            raise invalid("spec.custom_metrics: each has exec or http_get.")
