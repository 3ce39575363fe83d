"""What a create request must look like. Checks run in the order in which ModelArts reports: the first error wins."""

import re
from collections.abc import Iterable
from typing import Any

from fmctl.sandbox.objects import BUCKET_NAME, Objects, split_url
from fmctl.sandbox.training.catalog import POOL_ID, find_engine, find_flavor
from fmctl.sandbox.wire import WireError, unsupported

NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,8191}")
OTHER_KINDS = (
    "federated_pool_job",
    "edge_job",
    "hetero_job",
    "mrs_job",
    "autosearch_job",
    "diag_job",
    "visualization_job",
)
MAX_DESCRIPTION = 256
PRIORITIES = (1, 2, 3)
Fields = dict[str, Any]


def invalid(message: str) -> WireError:
    """A parameter has a wrong value."""
    return WireError(400, "ModelArts.2788", f"Invalid parameter: {message}")


def check_head(body: Fields) -> None:
    """Kind, name and description: what is wrong whatever else exists."""
    if body.get("kind") in OTHER_KINDS or body.get("train_type") or body.get("tasks"):
        raise unsupported("Only jobs of kind job, without train_type and tasks, run in the sandbox.")
    if body.get("kind") != "job":
        raise invalid("kind must be job.")
    check_metadata(mapping(body, "metadata"))
    mapping(body, "endpoints")


def check_metadata(metadata: Fields) -> None:
    """What jobs and algorithms have in common."""
    if not isinstance(metadata.get("name"), str) or not NAME.fullmatch(metadata["name"]):
        raise invalid("metadata.name must have 1 to 64 letters, digits, underscores or hyphens.")
    check_description(metadata.get("description"))
    if any(not isinstance(value, str) for value in mapping(metadata, "annotations").values()):
        raise invalid("metadata.annotations must map text to text.")


def check_description(description: Any) -> None:
    """Up to 256 characters, or nothing."""
    if description is not None and (not isinstance(description, str) or len(description) > MAX_DESCRIPTION):
        raise invalid(f"description must be text of at most {MAX_DESCRIPTION} characters.")


def check_source(algorithm: Fields, objects: Objects) -> None:
    """One of: a custom image with its command; code, boot file and engine."""
    if algorithm.get("subscription_id"):
        raise WireError(400, "ModelArts.2755", "algorithm not found.")
    engine = mapping(algorithm, "engine")
    _texts(algorithm, "code_dir", "boot_file", "command", "local_code_dir", "working_dir")
    _texts(engine, "engine_id", "engine_name", "engine_version", "image_url")
    preset = bool(engine.get("engine_id") or engine.get("engine_name") or engine.get("engine_version"))
    if not preset and (engine.get("image_url") or algorithm.get("command")):
        if not (engine.get("image_url") and algorithm.get("command")):
            raise WireError(400, "ModelArts.2806", "A custom image needs both command and engine.image_url.")
        if algorithm.get("code_dir"):
            _check_code_dir(algorithm["code_dir"], objects)
        return
    _check_code_dir(algorithm.get("code_dir"), objects)
    _check_boot_file(algorithm["code_dir"], algorithm.get("boot_file"), objects)
    if find_engine(engine) is None:
        named = engine.get("engine_id") or f"{engine.get('engine_name')} {engine.get('engine_version')}"
        raise WireError(400, "ModelArts.2780", f"Engine {named} not found.")


def check_settings(algorithm: Fields) -> None:
    """Parameters and environment variables."""
    seen: set[str] = set()
    for parameter in items(algorithm, "parameters"):
        name = parameter.get("name")
        if not isinstance(name, str) or not NAME.fullmatch(name) or name in seen:
            raise invalid(f"algorithm.parameters: {name!r} is not a name, or it is there twice.")
        seen.add(name)
        mapping(parameter, "constraint")
    mapping(algorithm, "policies")
    environment = mapping(algorithm, "environments")
    if len(environment) > 100:
        raise WireError(400, "ModelArts.2816", "algorithm.environments must have at most 100 entries.")
    for name, value in environment.items():
        if not VARIABLE.fullmatch(name) or not isinstance(value, str) or len(value) > 4096:
            raise invalid(f"algorithm.environments: {name} has a bad name, or a value that is no text of up to 4096.")


def check_resource(spec: Fields) -> None:
    """Flavor, pool and number of nodes."""
    resource = mapping(spec, "resource")
    _texts(resource, "pool_id", "flavor_id")
    nodes = resource.get("node_count", 1)
    if not isinstance(nodes, int) or isinstance(nodes, bool) or nodes < 1:
        raise invalid("spec.resource.node_count must be an integer of at least 1.")
    pool = resource.get("pool_id") or ""
    if pool and pool != POOL_ID:
        raise WireError(404, "ModelArts.2890", f"Pool {pool} not found.")
    flavor_id = resource.get("flavor_id") or ""
    if pool and not flavor_id:
        raise WireError(400, "ModelArts.2781", f"Pool {pool} has accelerators: spec.resource.flavor_id is needed.")
    flavor = find_flavor(flavor_id, pool=bool(pool))
    if flavor is None:
        raise WireError(400, "ModelArts.2781", f"Flavor {flavor_id or '(none)'} not found.")
    if nodes > flavor.max_num:
        raise WireError(
            400, "ModelArts.2793", f"node_count {nodes} exceeds the maximum {flavor.max_num} of {flavor_id}."
        )


def check_spec(spec: Fields, objects: Objects) -> None:
    """Everything else below spec."""
    mapping(spec, "notification")
    stop, on_pool = mapping(spec, "auto_stop"), bool(mapping(spec, "resource").get("pool_id"))
    hours = stop.get("duration")
    if stop and (stop.get("time_unit") != "HOURS" or type(hours) is not int or hours < 1):
        raise invalid("spec.auto_stop must have time_unit HOURS and an integer duration of at least 1.")
    if items(spec, "volumes") and not on_pool:
        raise invalid("spec.volumes need a dedicated pool.")
    check_schedule(mapping(spec, "schedule_policy"), on_pool=on_pool)
    log_url = mapping(spec, "log_export_path").get("obs_url")
    if log_url:
        check_url("spec.log_export_path", log_url, objects)
    if (spec.get("runtime_type") or "production") not in ("production", "debug"):
        raise invalid("spec.runtime_type must be production or debug.")


def check_schedule(policy: Fields, *, on_pool: bool) -> None:
    """A priority is for dedicated pools."""
    if not policy:
        return
    if not on_pool:
        raise invalid("spec.schedule_policy needs a dedicated pool.")
    if policy.get("priority", 1) not in PRIORITIES:
        raise invalid("spec.schedule_policy.priority must be 1, 2 or 3.")


def check_channels(algorithm: Fields, objects: Objects) -> None:
    """Inputs and outputs are OBS paths under names of their own."""
    for kind in ("inputs", "outputs"):
        seen: set[str] = set()
        for channel in items(algorithm, kind):
            name = channel.get("name")
            if not isinstance(name, str) or not name or name in seen:
                raise WireError(400, "ModelArts.2753", f"{kind}: each needs a name of its own, got {name!r}.")
            seen.add(name)
            _texts(channel, "description", "access_method", "local_dir")
            _check_remote(kind, channel, objects)


def check_url(where: str, url: Any, objects: Objects) -> None:
    """`/bucket/key` or `obs://bucket/key`, in a bucket that exists."""
    bucket, _ = split_url(url) if isinstance(url, str) and url.startswith(("/", "obs://")) else ("", "")
    if not BUCKET_NAME.fullmatch(bucket):
        raise WireError(400, "ModelArts.2791", f"{where}: invalid obs path {url!r}: /bucket/key/ is expected.")
    if not objects.has_bucket(bucket):
        raise WireError(400, "ModelArts.2791", f"{where}: invalid obs path {url}: bucket {bucket} does not exist.")


def mapping(parent: Fields, key: str) -> Fields:
    """An object that may be absent or null."""
    value = parent.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise WireError(400, "ModelArts.2825", f"{key} must be an object.")
    return value


def items(parent: Fields, key: str) -> list[Fields]:
    """A list of objects that may be absent or null."""
    value = parent.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise WireError(400, "ModelArts.2825", f"{key} must be a list of objects.")
    return value


def _texts(parent: Fields, *names: str) -> None:
    for name in names:
        if parent.get(name) is not None and not isinstance(parent[name], str):
            raise WireError(400, "ModelArts.2825", f"{name} must be text.")


def _check_code_dir(code_dir: Any, objects: Objects) -> None:
    bucket, key = split_url(code_dir) if isinstance(code_dir, str) else ("", "")
    if not key.endswith("/") or not _any(objects, bucket, key):
        raise WireError(400, "ModelArts.2757", f"Invalid code_dir {code_dir!r}: it must end with / and hold objects.")


def _check_boot_file(code_dir: str, boot_file: Any, objects: Objects) -> None:
    bucket, key = split_url(boot_file) if isinstance(boot_file, str) else ("", "")
    if not key or key.endswith("/"):
        raise WireError(400, "ModelArts.2758", f"Invalid boot_file {boot_file!r}.")
    if (bucket, key) < split_url(code_dir) or not f"{bucket}/{key}".startswith("/".join(split_url(code_dir))):
        raise WireError(400, "ModelArts.2792", f"boot_file {boot_file} is not in code_dir {code_dir}.")
    if objects.head(bucket, key) is None:
        raise WireError(400, "ModelArts.2758", f"Invalid boot_file {boot_file}: there is no such object.")


def _any(objects: Objects, bucket: str, prefix: str) -> bool:
    return objects.has_bucket(bucket) and any(True for _ in _first(objects.walk(bucket, prefix)))


def _first(found: Iterable[object]) -> Iterable[object]:
    for item in found:
        yield item
        return


def _check_remote(kind: str, channel: Fields, objects: Objects) -> None:
    remote = mapping(channel, "remote")
    if "dataset" in remote:
        raise WireError(400, "ModelArts.2854", f"{kind} {channel['name']}: the sandbox has no data sets, only obs.")
    url = mapping(remote, "obs").get("obs_url")
    if not url:
        raise WireError(400, "ModelArts.2753", f"{kind} {channel['name']}: remote.obs.obs_url is missing.")
    if (channel.get("access_method") or "parameter") not in ("parameter", "env"):
        raise WireError(400, "ModelArts.2753", f"{kind} {channel['name']}: access_method must be parameter or env.")
    check_url(f"{kind} {channel['name']}", url, objects)
