"""What a create request must look like. Checks run in the order in which ModelArts reports: the first error wins."""

import re
from typing import Any

from fmctl.sandbox.objects import BUCKET_NAME, Objects, split_url
from fmctl.sandbox.shapes import accept
from fmctl.sandbox.training.requests import JOB
from fmctl.sandbox.wire import WireError, unsupported

NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,8191}")
SEARCH_JOB = "autosearch_job"
KINDS = ("job", SEARCH_JOB)
OTHER_KINDS = (
    "federated_pool_job",
    "edge_job",
    "hetero_job",
    "mrs_job",
    "diag_job",
    "visualization_job",
)
MAX_DESCRIPTION = 256
MAX_VARIABLES = 100
MAX_VALUE = 4096
Fields = dict[str, Any]


def invalid(message: str) -> WireError:
    """A parameter has a wrong value."""
    return WireError(400, "ModelArts.2788", f"Invalid parameter: {message}")


def accept_job(sent: Fields) -> Fields:
    """The request, as far as it is known; kind, name, description and types are in order, whatever else exists."""
    body: Fields = {"kind": "job", **accept(sent, JOB)}
    if body["kind"] in OTHER_KINDS or body.get("tasks"):
        raise unsupported("jobs of kind job and autosearch_job run in the sandbox, without tasks.")
    if body["kind"] not in KINDS:
        raise invalid(f"kind must be one of {', '.join(KINDS)}.")
    check_metadata(mapping(body, "metadata"))
    return body


def check_metadata(metadata: Fields) -> None:
    """What jobs and algorithms have in common."""
    if not isinstance(metadata.get("name"), str) or not NAME.fullmatch(metadata["name"]):
        raise invalid("metadata.name must have 1 to 64 letters, digits, underscores or hyphens.")
    check_description(metadata.get("description"))


def check_description(description: Any) -> None:
    """Up to 256 characters, or nothing."""
    if description is not None and (not isinstance(description, str) or len(description) > MAX_DESCRIPTION):
        raise invalid(f"description must be text of at most {MAX_DESCRIPTION} characters.")


def check_environment(algorithm: Fields) -> None:
    """Environment variables."""
    environment = mapping(algorithm, "environments")
    if len(environment) > MAX_VARIABLES:
        raise WireError(400, "ModelArts.2816", f"algorithm.environments must have at most {MAX_VARIABLES} entries.")
    for name, value in environment.items():
        if not VARIABLE.fullmatch(name) or len(value) > MAX_VALUE or "\0" in value:
            raise invalid(f"algorithm.environments: {name} has a bad name, or a value of more than {MAX_VALUE}.")


def check_channels(algorithm: Fields, objects: Objects) -> None:
    """Inputs and outputs are OBS paths under names of their own."""
    for kind in ("inputs", "outputs"):
        check_names(algorithm, kind)
        if sum(not channel.get("remote") for channel in items(algorithm, "outputs")) > 1:
            raise WireError(400, "ModelArts.2754", "Only one output can be hosted; the others need remote.obs.obs_url.")
        for channel in items(algorithm, kind):
            _check_remote(kind, channel, objects)


def check_names(source: Fields, kind: str) -> None:
    """Each input, and each output, has a name of its own."""
    seen: set[str] = set()
    for channel in items(source, kind):
        name = channel.get("name")
        if not isinstance(name, str) or not name or name in seen:
            raise WireError(400, "ModelArts.2753", f"{kind}: each needs a name of its own, got {name!r}.")
        seen.add(name)


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


def _check_remote(kind: str, channel: Fields, objects: Objects) -> None:
    remote = mapping(channel, "remote")
    if remote.get("dataset") and kind == "outputs":
        raise WireError(400, "ModelArts.2854", f"outputs {channel['name']}: only obs is supported.")
    if remote.get("dataset") and remote.get("obs"):
        raise WireError(400, "ModelArts.2753", f"inputs {channel['name']}: remote is a dataset or obs, not both.")
    if dataset := mapping(remote, "dataset"):
        message = f"Dataset (ID: {dataset.get('id')}) not found: the sandbox has none; an input from obs works."
        raise WireError(400, "ModelArts.2783", message)
    url = mapping(remote, "obs").get("obs_url")
    if not url:
        raise WireError(400, "ModelArts.2753", f"{kind} {channel['name']}: remote.obs.obs_url is missing.")
    if (channel.get("access_method") or "parameter") not in ("parameter", "env"):
        raise WireError(400, "ModelArts.2753", f"{kind} {channel['name']}: access_method must be parameter or env.")
    check_url(f"{kind} {channel['name']}", url, objects)
