"""What a sandbox holds before a test begins: the ``live.yaml`` of a case.

Jobs are put where the sandbox keeps them; models and services are made through its API, so that they are as real as
they get. In texts ``<Kind/name.hash>`` is the hash of that resource of the manifests, ``<Kind/name.marker>`` the
marker that its live object should have; in the ledger ``<digits 1.0.0>`` is the id of that model version.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from world import SET, World

from fmctl.domain.resource import Resource
from fmctl.kinds import KINDS
from fmctl.modelarts.client import Client
from fmctl.sandbox.serving.scripted import Script
from fmctl.sandbox.training.catalog import POOL_ID
from fmctl.sandbox.training.fill import new_job
from fmctl.sandbox.training.jobs import Training

Item = dict[str, Any]
_PLACEHOLDER = re.compile(r"<([A-Za-z]+/[a-z0-9-]+)\.(hash|marker)>")
SETTLE_SECONDS = 20


def filled(text: str, resources: Sequence[Resource]) -> str:
    """``text`` with the hashes and markers that it asks for."""
    known = {str(resource.id): resource for resource in resources}

    def value(found: re.Match[str]) -> str:
        resource = known[found[1]]
        return resource.hash if found[2] == "hash" else str(KINDS[resource.kind].marker(resource, SET))

    return _PLACEHOLDER.sub(value, text)


def seed(world: World, live: Mapping[str, Any]) -> None:
    """Make the sandbox and the ledger hold what ``live`` says."""
    world.secrets.update(live.get("secrets", {}))
    world.runner.outcomes = live.get("outcomes", {})
    world.runner.durations = live.get("durations", {})
    for url, text in live.get("objects", {}).items():
        world.put(url, text)
    for job in live.get("jobs", ()):
        seed_job(world, **job)
    with world.sandbox.store.background():
        ids = {f"{model['model']} {model['version']}": _model(world, model) for model in live.get("models", ())}
        for service in live.get("services", ()):
            _service(world, service, ids)
    facts = json.dumps(live.get("ledger", {}))
    for model, id in ids.items():
        facts = facts.replace(f"<{model}>", id)
    for name, fact in json.loads(facts).items():
        world.facts.write(name, fact)
    for name, script in live.get("launcher", {}).items():
        world.launcher.scripts[name] = Script(**script)
    world.transport.requests.clear()


def seed_job(
    world: World,
    name: str,
    phase: str,
    description: str = "",
    *,
    ended: float = 86400,
    ran: float = 60,
    hours: int | None = None,
    priority: int | None = None,
    outputs: Mapping[str, str] | None = None,
    message: str = "",
) -> None:
    """A job that ``ended`` so many seconds ago after it ``ran``, or one that has ``ran`` and goes on from now."""
    training, now = world.sandbox.part(Training), world.clock.now()
    active = phase in ("Creating", "Pending", "Running", "Terminating")
    started = now - ran - (0 if active else ended)
    body: Item = {
        "kind": "job",
        "metadata": {"name": name, "description": description, "workspace_id": "0"},
        "algorithm": {"outputs": [_output(*pair) for pair in (outputs or {}).items()]},
        "spec": {"resource": {"flavor_id": "modelarts.vm.cpu.2u", "node_count": 1}},
    }
    if priority:  # which only a pool has
        body["spec"]["resource"] = {"pool_id": POOL_ID, "flavor_id": "modelarts.pool.visual.xlarge", "node_count": 1}
        body["spec"]["schedule_policy"] = {"priority": priority}
    if hours:
        body["spec"]["auto_stop"] = {"time_unit": "HOURS", "duration": hours}
    job = new_job(body, f"job-{name}", "tester", started)
    job["status"] |= {"phase": phase, "secondary_phase": phase, "start_time": round(started * 1000)}
    job["status"]["duration"] = round(ran * 1000)
    if phase == "Failed":
        job["status"]["task_statuses"] = [{"task": "worker-0", "exit_code": 1, "message": message}]
    has_started = phase not in ("Creating", "Pending")
    record = {"job": job, "events": [], "since": now, "started_at": started if has_started else None, "delete_at": None}
    with world.sandbox.store.background():
        training.save(record)
    if active and has_started:
        world.runner.start(job["metadata"]["id"], job, now)


def _output(name: str, url: str) -> Item:
    return {"name": name, "remote": {"obs": {"obs_url": url}}}


def _api(world: World) -> Client:
    return world.session().api


def _model(world: World, model: Mapping[str, Any]) -> str:
    """Publish a model and bring it into the wanted status; its id."""
    body = {
        "model_name": model["model"],
        "model_version": model["version"],
        "model_type": "PyTorch",
        "description": model.get("description", ""),
        "source_location": model.get("source", "/fmctl-demo/digits/"),
    }
    if "job" in model:
        body["source_job_id"] = f"job-{model['job']}"
    model_id = str(_api(world).call("POST", "/v1/{project_id}/models", body=body)["model_id"])
    wanted = model.get("status", "published")
    if wanted != "publishing":
        _settle(world)
    found = _api(world).call("GET", f"/v1/{{project_id}}/models/{model_id}")["model_status"]
    assert wanted == found, f"the model is {found}, not {wanted}"
    return model_id


def _service(world: World, service: Mapping[str, Any], ids: Mapping[str, str]) -> None:
    """Deploy a service and bring it into the wanted status."""
    body = {
        "service_name": service["name"],
        "infer_type": "real-time",
        "description": service.get("description", ""),
        "config": [_element(element, ids) for element in service["config"]],
        **{key: service[key] for key in ("schedule", "pool_name") if key in service},
    }
    name = str(service["config"][0]["model"]).split()[0]
    if service.get("status") == "failed":
        world.launcher.scripts[name] = Script(fails="ImportError: no module named torch")
    service_id = _api(world).call("POST", "/v1/{project_id}/services", body=body)["service_id"]
    wanted = service.get("status", "running")
    if wanted != "deploying":
        _settle(world, service.get("age", SETTLE_SECONDS))
    if wanted == "stopped" and "schedule" not in service:
        _api(world).call("PUT", f"/v1/{{project_id}}/services/{service_id}", body={"status": "stopped"}, safe=True)
        _settle(world)
    if wanted == "concerning":
        world.launcher.scripts[name] = Script(unhealthy=True)
        for instance in world.launcher.alive():
            instance.script = Script(unhealthy=True)
        _settle(world)
    found = _api(world).call("GET", f"/v1/{{project_id}}/services/{service_id}")["status"]
    assert wanted == found, f"the service is {found}, not {wanted}"
    world.launcher.scripts.clear() if wanted == "failed" else None


def _element(element: Mapping[str, Any], ids: Mapping[str, str]) -> Item:
    known = {"weight": 100, "specification": "modelarts.vm.cpu.2u", "instance_count": 1}
    given = {key: value for key, value in element.items() if key != "model"}
    return {"model_id": ids[element["model"]], **known, **given}


def _settle(world: World, seconds: float = SETTLE_SECONDS) -> None:
    for _ in range(40):
        world.clock.advance(seconds / 40)
        world.sandbox.tick()


def names_of_ids(world: World) -> Mapping[str, str]:
    """The random ids of remote objects, and the names that tests show for them."""
    store = world.sandbox.store
    jobs = {r["job"]["metadata"]["id"]: r["job"]["metadata"]["name"] for r in store.find("training_jobs")}
    models = {
        model["model_id"]: f"{model['model_name']} {model['model_version']}"
        for model in (document["model"] for document in store.find("models"))
    }
    services = {d["service"]["service_id"]: d["service"]["service_name"] for d in store.find("services")}
    return jobs | models | services


def readable(text: str, names: Mapping[str, str]) -> str:
    """``text`` with ``<name>`` for every random id, and without the project's id."""
    for id, name in names.items():
        text = text.replace(id, f"<{name}>")
    return text


def written(world: World, names: Mapping[str, str]) -> str:
    """The calls that changed something: method, path, and every leaf of the body."""
    lines: list[str] = []
    for request in world.transport.requests:
        if request.method != "GET" and not request.url.path.endswith("/training-job-searches"):
            path = request.url.path.replace(world.sandbox.credentials.project_id, "{project_id}")
            lines.append(f"{request.method} {path}{'?' + request.url.query.decode() if request.url.query else ''}")
            body = json.loads(request.content or b"null")
            lines += [f"    {way}: {json.dumps(value, ensure_ascii=False)}" for way, value in _leaves(body, "")]
    return readable("\n".join(lines) + "\n" if lines else "", names)


def _leaves(value: Any, way: str) -> Sequence[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        return [leaf for key, item in value.items() for leaf in _leaves(item, f"{way}.{key}".lstrip("."))]
    if isinstance(value, list) and value:
        return [leaf for index, item in enumerate(value) for leaf in _leaves(item, f"{way}[{index}]")]
    return [(way, value)] if value is not None else []
