"""A job's whole spec as it is live, in the words of a manifest, for those who look.

Never compared with a manifest, since the platform fills in what nobody said, and never with the value of a variable
or of a parameter that its name calls secret.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fmctl.domain.values import address, folder, is_secret_name
from fmctl.kinds.reading import Item

HIDDEN = "***"


def spec(job: Item) -> dict[str, Any]:
    """What there is of ``spec``; what is empty is left out, and nothing of an answer that cannot be understood."""
    try:
        return {key: value for key, value in _spec(job) if value}
    except (AttributeError, LookupError, TypeError, ValueError):  # looking must not get in the way of doing
        return {}


def _spec(job: Item) -> Iterator[tuple[str, Any]]:
    name, algorithm, rest = job["metadata"]["name"], job.get("algorithm") or {}, job.get("spec") or {}
    yield "algorithm", {key: value for key, value in _algorithm(algorithm) if value}
    yield "parameters", dict(map(_parameter, algorithm.get("parameters") or ()))
    yield "env", dict.fromkeys(sorted(algorithm.get("environments") or {}), HIDDEN)
    yield "inputs", [{"name": item.get("name", ""), "from": url} for item, url in _remote(algorithm, "inputs")]
    outputs = ((item.get("name", ""), _above(url, name)) for item, url in _remote(algorithm, "outputs"))
    yield "outputs", [{"name": output, "to": url} for output, url in outputs]
    yield "resources", {key: value for key, value in _resources(rest.get("resource") or {}) if value}
    yield "volumes", [_volume(one["nfs"]) for one in rest.get("volumes") or () if one.get("nfs")]
    yield "logs", _url((rest.get("log_export_path") or {}).get("obs_url"))
    yield "maxDuration", _hours(rest.get("auto_stop") or {})
    yield "priority", (rest.get("schedule_policy") or {}).get("priority")


def _algorithm(algorithm: Item) -> Iterator[tuple[str, Any]]:
    engine, code = algorithm.get("engine") or {}, _url(algorithm.get("code_dir"))
    yield "id", algorithm.get("id")
    yield "code", code
    yield "bootFile", _url(algorithm.get("boot_file")).removeprefix(folder(code) if code else "")
    named = (("name", "engine_name"), ("version", "engine_version")) if engine.get("engine_version") else ()
    names = named or (("id", "engine_id"),)  # the platform adds the one to the other
    yield "engine", {here: engine[there] for here, there in names if engine.get(there)}
    yield "image", engine.get("image_url")
    yield "command", algorithm.get("command")


def _parameter(parameter: Item) -> tuple[str, str]:
    name, value = str(parameter.get("name") or ""), parameter.get("value")
    sensitive = (parameter.get("constraint") or {}).get("sensitive")
    return name, HIDDEN if sensitive or is_secret_name(name) else "" if value is None else str(value)


def _remote(algorithm: Item, key: str) -> Iterator[tuple[Mapping[str, Any], str]]:
    for item in algorithm.get(key) or ():
        url = ((item.get("remote") or {}).get("obs") or {}).get("obs_url")
        if url:
            yield item, address(url)


def _above(url: str, run: str) -> str:
    """The folder that a manifest names: every run has its own below it."""
    return url.removesuffix(f"{run}/") if url.endswith(f"/{run}/") else url


def _resources(resource: Item) -> Iterator[tuple[str, Any]]:
    yield "flavor", resource.get("flavor_id")
    yield "pool", resource.get("pool_id")
    yield "nodes", resource.get("node_count")


def _volume(nfs: Item) -> dict[str, Any]:
    return {
        "server": nfs.get("nfs_server_path", ""),
        "path": nfs.get("local_path", ""),
        "readOnly": bool(nfs.get("read_only")),
    }


def _url(url: object) -> str:
    return address(str(url)) if url else ""


def _hours(stop: Item) -> str:
    return f"{int(stop['duration'])}h" if stop.get("duration") else ""
