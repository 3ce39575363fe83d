"""Service: a deployed real-time service that answers predictions (v1 services).

Endpoints, below ``/v1/{project_id}``:
    POST   /services                deploy, 200 {"service_id"}; starts at once; 409 ModelArts.3503 when it exists
    GET    /services                list, without configs
    GET    /services/{service_id}   detail; 404 ModelArts.3502 when absent
    PUT    /services/{service_id}   update; with a status in it everything else is silently dropped
    DELETE /services/{service_id}   delete; ``deleting`` for a while
    GET    /services/{service_id}/logs   the update history, the only place where a rolled-back update shows
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from fmctl.domain.live import Health, Live, Observed, split_marker
from fmctl.domain.plan import Action, Change
from fmctl.domain.ports import Api
from fmctl.domain.problem import Conflict, NotFound, Problem, WrongState
from fmctl.domain.resource import Resource, ResourceId, Spec
from fmctl.domain.values import DURATION, seconds
from fmctl.kinds import service_table, service_wire
from fmctl.kinds.base import SPECIAL, Deciding, Found, Identity, Kind, Looking, Reference, Schema, Steps, Watch, Work
from fmctl.kinds.creating import create_once
from fmctl.kinds.deleting import until_gone
from fmctl.kinds.paging import listing
from fmctl.kinds.reading import Item, legible
from fmctl.kinds.rollout import Rollout, newest_update
from fmctl.kinds.schema import ENV, IGNORE_DIFFERENCES, named, one_line, plain
from fmctl.kinds.service_config import (
    MODEL,
    refuse_unset,
    sized,
    without_env,
)
from fmctl.kinds.service_wire import SERVICES
from fmctl.kinds.settling import failed, moving, put_state, settled
from fmctl.kinds.tagging import mirror

PHASES = {
    "running": Health.HEALTHY,
    "deploying": Health.PROGRESSING,
    "waiting": Health.PROGRESSING,
    "concerning": Health.DEGRADED,
    "failed": Health.DEGRADED,
    "stopping": Health.PROGRESSING,
    "stopped": Health.SUSPENDED,
    "pending": Health.SUSPENDED,
    "finished": Health.SUSPENDED,
    "deleting": Health.PROGRESSING,
}
STATES = {"stopped": "stopped", "stopping": "stopped", "pending": "stopped", "finished": "stopped", "failed": "failed"}
"""What a live phase is in the manifest's words; everything else is ``running``."""

_MODEL: Schema = {
    "type": "object",
    "required": ["weight"],
    "properties": {
        "modelRef": {"type": "string", "description": "a ModelVersion of this set"},
        "modelId": {"type": "string", "description": "a model outside the set"},
        "weight": {
            "type": "integer",
            "minimum": 0,
            "maximum": 100,
            "description": "the share of requests, in per cent",
        },
        "flavor": {"type": "string", "description": "a public flavor, modelarts.vm.cpu.2u"},
        "resources": {
            "type": "object",
            "description": "on a pool, instead of `flavor`",
            "examples": [{"cpu": 8, "memory": "32Gi", "npu": 1}],
            "required": ["cpu", "memory"],
            "properties": {
                "cpu": {"type": "number", "minimum": 0.01, "description": "CPUs of one instance"},
                "memory": {
                    "type": "string",
                    "pattern": "^[1-9][0-9]*(Mi|Gi)$",
                    "description": "memory of one instance",
                    "x-message": "memory is a whole number of Mi or Gi, such as 512Mi or 32Gi",
                },
                "npu": {"type": "integer", "minimum": 0, "description": "accelerators of one instance"},
            },
            "additionalProperties": False,
        },
        "instances": {"type": "integer", "minimum": 1, "maximum": 128, "default": 1, "description": "how many"},
        "env": {"description": "environment variables of this model", **ENV},
    },
    "allOf": [
        {
            "oneOf": [{"required": ["modelRef"]}, {"required": ["modelId"]}],
            "x-message": "a model is named by exactly one of modelRef and modelId",
        },
        {
            "oneOf": [{"required": ["flavor"]}, {"required": ["resources"]}],
            "x-message": "a model has exactly one of flavor and resources",
        },
    ],
    "additionalProperties": False,
}


class Service(Kind):
    """A live service; its identity is its live name."""

    name = "Service"
    description_limit = 100
    description_forbids = SPECIAL
    spec_schema: ClassVar[Schema] = {
        "type": "object",
        "required": ["models"],
        "properties": {
            "serviceName": {
                "description": "the live name, where it is not `metadata.name`",
                **named("the name of a service"),
            },
            "description": one_line(100, SPECIAL),
            "state": {"enum": ["running", "stopped"], "default": "running", "description": "whether it runs"},
            "models": {
                "type": "array",
                "minItems": 1,
                "items": _MODEL,
                "description": "what answers: versions of one model, whose weights sum to 100",
                "examples": [
                    [
                        {"modelRef": "digits-1-0-0", "weight": 90, "flavor": "modelarts.vm.cpu.2u", "instances": 1},
                        {"modelRef": "digits-1-1-0", "weight": 10, "flavor": "modelarts.vm.cpu.2u", "instances": 1},
                    ]
                ],
            },
            "autoStop": {
                "type": "string",
                "pattern": DURATION,
                "description": "stop it after this long; whole minutes",
                "x-message": "autoStop is a whole number of s, m, h or d, such as 90m or 2h",
                "examples": ["90m"],
            },
            "pool": {"type": "string", "description": "a dedicated pool's id"},
            "ignoreDifferences": IGNORE_DIFFERENCES,
            "deletionPolicy": {
                "enum": ["Delete", "Orphan"],
                "default": "Delete",
                "description": "what `--prune` does with a service that is no longer declared",
            },
        },
        "additionalProperties": False,
    }

    # ---------------------------------------------------------------- manifest

    def references(self, spec: Spec) -> Iterator[Reference]:
        """``models[].modelRef``."""
        for index, model in enumerate(spec.get("models", ())):
            if "modelRef" in model:
                yield Reference(("spec", "models", index, "modelRef"), ResourceId(MODEL, model["modelRef"]))

    def text_maps(self, spec: Spec) -> Iterator[tuple[str | int, ...]]:
        """``models[].env``."""
        for index, model in enumerate(spec.get("models", ())):
            if "env" in model:
                yield ("spec", "models", index, "env")

    def identities(self, resource: Resource) -> Iterator[Identity]:
        """The live name."""
        name = live_name(resource)
        path = ("spec", "serviceName") if "serviceName" in resource.spec else ("metadata", "name")
        yield Identity((name,), path, "FM0314", f"the live name {name!r}", "rename one of them")

    def check(self, resource: Resource, others: Mapping[ResourceId, Resource], set_name: str) -> Iterator[Problem]:
        """Weights, whole minutes, pools, distinct versions of one model."""
        spec, at = resource.spec, resource.source
        yield from self.check_description(resource, set_name)
        total = sum(model["weight"] for model in spec["models"])
        if total != 100:
            hint = "write weight: 100" if len(spec["models"]) == 1 else "what one gets, another gives"
            yield Problem(at("spec", "models"), "FM0311", f"weights sum to {total}, not 100", hint)
        if "autoStop" in spec and seconds(spec["autoStop"]) % 60:
            hint = f"write {-(-seconds(spec['autoStop']) // 60)}m"
            yield Problem(at("spec", "autoStop"), "FM0312", "autoStop is whole minutes", hint)
        for index, model in enumerate(spec["models"]):
            if "resources" in model and "pool" not in spec:
                hint = "set `pool`, or use `flavor`"
                yield Problem(at("spec", "models", index, "resources"), "FM0313", "resources need a pool", hint)
        yield from self._check_versions(resource, others)

    def _check_versions(self, resource: Resource, others: Mapping[ResourceId, Resource]) -> Iterator[Problem]:
        """Several models of one service are different versions of one model (ModelArts.3516)."""
        keys = [model.get("modelRef") or model.get("modelId") for model in resource.spec["models"]]
        for index, key in enumerate(keys):
            if key in keys[:index]:
                source = resource.source("spec", "models", index)
                yield Problem(source, "FM0315", f"{key} is named twice; give it one entry with the whole weight")
        names: dict[str, str] = {}
        for index, model in enumerate(resource.spec["models"]):
            version = others.get(ResourceId(MODEL, model.get("modelRef", "")))
            if version and "model" in version.spec:
                names.setdefault(str(version.spec["model"]), str(version.id))
                if len(names) > 1:
                    text = "the models of one service are versions of one model; these are of " + ", ".join(names)
                    yield Problem(resource.source("spec", "models", index), "FM0316", text)
                    return

    def names(self, spec: Spec, remote_id: str) -> bool:
        """``models[].modelId``."""
        return any(model.get("modelId") == remote_id for model in spec["models"])

    def canonical(self, spec: Spec) -> Spec:
        """Durations in seconds, memory in MB, models in the order of their identity."""
        result = dict(spec)
        if "autoStop" in spec:
            result["autoStop"] = seconds(spec["autoStop"])
        models = []
        for model in spec["models"]:
            one = dict(model)
            if "resources" in one:
                one["resources"] = sized(one["resources"])
            if "env" in one:
                one["env"] = {key: plain(value) for key, value in one["env"].items()}
            models.append(one)
        result["models"] = sorted(models, key=lambda m: str(m.get("modelRef") or m.get("modelId")))
        return result

    # ---------------------------------------------------------------- looking

    def observe(
        self, resources: Sequence[Resource], looking: Looking
    ) -> tuple[Mapping[ResourceId, Observed], Sequence[Live]]:
        """One list, and one detail for every declared service, since the list has no configs."""
        wanted = {live_name(r): r for r in resources}
        ids: dict[ResourceId, str] = {}
        rest: list[Live] = []
        for live in self.everything(looking.api):
            resource = wanted.get(live.remote_name)
            if resource:
                ids[resource.id] = live.remote_id
            elif live.owned_by(looking.set_name):
                rest.append(live)
        for resource in resources:
            if resource.id not in ids:
                recorded = _recorded(resource, looking)
                if recorded:
                    ids[resource.id] = recorded
        declared = {resource.id: resource for resource in resources}
        looks = [(declared[id], remote_id) for id, remote_id in ids.items()]
        details = looking.fan(lambda look: self._look_closely(look[0], look[1], looking), looks)
        found = {live.id: live for live in details if live}
        return {r.id: Observed(found.get(r.id)) for r in resources}, rest

    def _look_closely(self, resource: Resource, remote_id: str, looking: Looking) -> Live | None:
        """The detail; of a service that is to change also how its last update went, since only the history tells."""
        live = self.find_id(remote_id, looking.api)
        if live is None:
            return None
        facts = dict(live.facts)
        if live.owned_by(looking.set_name) and live.marker != self.marker(resource, looking.set_name):
            at, result = newest_update(live, looking.api)
            facts["rolledBack"] = at if result == "FAIL" else 0
        return replace(live, id=resource.id, facts=facts)

    def find_id(self, remote_id: str, api: Api) -> Live | None:
        """One service by id, None when it is gone."""
        try:
            return self.read(api.call("GET", f"{SERVICES}/{remote_id}"))
        except NotFound:
            return None

    def find_name(self, name: str, api: Api) -> Live | None:
        """One service by its live name, with its config; the list's name filter is fuzzy."""
        for item in listing(api, SERVICES, "services", "service_id", service_name=name):
            if item["service_name"] == name:
                return self.find_id(item["service_id"], api)
        return None

    def find(self, name: str, resource: Resource | None, api: Api) -> Iterator[Live]:
        """The service of the manifest's live name, or of this name."""
        live = self.find_name(live_name(resource) if resource else name, api)
        if live:
            yield replace(live, id=resource.id) if resource else live

    def everything(self, api: Api) -> Iterator[Live]:
        """Every service of the workspace, as the list shows it."""
        yield from map(self.read, listing(api, SERVICES, "services", "service_id"))

    def poll(self, watches: Sequence[Watch], api: Api) -> Mapping[str, Live | None]:
        """One list for the phases; a detail only for what has settled or is missing from the list."""
        names = {watch.remote_name for watch in watches}
        query = {"service_name": next(iter(names))} if len(names) == 1 else {}
        listed = {i["service_name"]: self.read(i) for i in listing(api, SERVICES, "services", "service_id", **query)}
        found: dict[str, Live | None] = {}
        for watch in watches:
            live = listed.get(watch.remote_name)
            id = live.remote_id if live else watch.remote_id
            found[watch.remote_name] = live if live and moving(live) else (self.find_id(id, api) if id else None)
        return found

    @legible
    def read(self, item: Item) -> Live:
        """A service as the detail, or without ``models`` as the list, shows it."""
        text, marker = split_marker(item.get("description"))
        name, phase = str(item["service_name"]), str(item.get("status") or "")
        spec: dict[str, Any] = {"description": text, "state": STATES.get(phase, "running")}
        if "config" in item:
            spec["models"] = [service_wire.read_model(model) for model in item["config"] or ()]
            spec["autoStop"] = service_wire.read_schedule(item.get("schedule"))
            spec["pool"] = str(item.get("pool_name") or item.get("cluster_id") or "")
        return Live(
            id=ResourceId(self.name, name),
            remote_id=str(item["service_id"]),
            remote_name=name,
            phase=phase,
            health=PHASES.get(phase, Health.UNKNOWN),
            description=text,
            marker=marker,
            spec=spec,
            url=str(item.get("access_address") or item.get("access_addresses") or ""),
            message=str(item.get("error_msg") or ""),
            created=int(item.get("publish_at") or 0),
            active=phase not in ("stopped", "pending", "failed", "finished"),
            facts={
                "transition": int(item.get("transition_at") or 0),
                "updated": int(item.get("update_time") or item.get("publish_at") or 0),
            },
        )

    def decide(self, resource: Resource, observed: Observed, deciding: Deciding) -> Iterator[Change]:
        """The service table."""
        yield service_table.decide(resource, observed.live, self.marker(resource, deciding.set_name), deciding)

    # ---------------------------------------------------------------- doing

    def verb(self, change: Change, work: Work) -> Steps:
        """Deploy, change in place, replace, delete, or wait until it is as wanted."""
        live, resource = change.live, change.desired
        if change.action is Action.DELETE and live:
            return (yield from self._delete(live, work))
        if resource is None:  # started or stopped by name, without a manifest
            assert live is not None
            wanted = "running" if change.action is Action.START else "stopped"
            return (yield from put_state(wanted, live, work, was_failed=live.phase == "failed"))
        if change.action in (Action.CREATE, Action.REPLACE):
            if live:
                yield from self._delete(live, work)
            return (yield from self._create(resource, work))
        assert live is not None
        if change.action is Action.NOOP:
            live = (yield from self._arrived(resource, live, work)) if moving(live) else live
        else:
            live = yield from self._rollout(resource, work).converge(live)
            mirror(resource, f"{SERVICES}/{live.remote_id}", work.api)
        return self._applied(resource, live, work)

    def _create(self, resource: Resource, work: Work) -> Steps:
        name, body = live_name(resource), self.body(resource, work)

        def post() -> str:
            return str(work.api.call("POST", SERVICES, body=body)["service_id"])

        remote_id, found = yield from create_once(name, post, lambda: self.find_name(name, work.api), work.clock)
        if found and found.marker != self.marker(resource, work.set_name):
            msg = f"service {name} appeared meanwhile and belongs to {found.owner}"
            raise Conflict(msg, hint="look at it with `fmctl diff`")
        fact = {"of": self.name, "run": name, "remoteId": remote_id, "marker": resource.marker}
        work.records.record(resource.name, resource.hash, "created", fact)
        mirror(resource, f"{SERVICES}/{remote_id}", work.api)
        live = found or self.read({"service_id": remote_id, "service_name": name, "status": "deploying"})
        live = yield from self._ready(resource, live, work)
        live = yield from self._rollout(resource, work).converge(live)
        return self._applied(resource, live, work)

    def _rollout(self, resource: Resource, work: Work) -> Rollout:
        return Rollout(resource, self.marker(resource, work.set_name), work)

    def _ready(self, resource: Resource, live: Live, work: Work) -> Found:
        """Wait until it has settled, and fail when what was wanted running is not."""
        live = yield from settled(live, work.clock)
        if live.phase == "failed" and resource.spec.get("state", "running") == "running":
            raise failed(live)
        return live

    def _arrived(self, resource: Resource, live: Live, work: Work) -> Found:
        """Wait for an update that was going on when the plan was made; what it brought may not be what is wanted."""
        live = yield from self._ready(resource, live, work)
        if not self._rollout(resource, work).is_live(live):
            msg = f"service {live.remote_name} was being changed when the plan was made, and not to what is declared"
            raise Conflict(msg, hint="`fmctl diff` shows now what differs; apply again")
        return live

    def _applied(self, resource: Resource, live: Live, work: Work) -> Live:
        """The fact that the service is as the manifest says, with its config for ``fmctl history``."""
        fact = {
            "of": self.name,
            "remoteId": live.remote_id,
            "marker": resource.marker,
            "config": without_env(live),
        }
        if live.marker == self.marker(resource, work.set_name) and "models" in live.spec:
            work.records.record(resource.name, resource.hash, "applied", fact)
        return live

    def _delete(self, live: Live, work: Work) -> Steps:
        """Delete in any state, and wait for the 404."""
        if live.phase != "deleting":
            try:
                work.api.call("DELETE", f"{SERVICES}/{live.remote_id}", safe=True)
            except NotFound:
                return None
            except WrongState:
                pass  # 3519: it is being deleted already, by a request whose answer was lost or by somebody else
        return (yield from until_gone(live))

    # ---------------------------------------------------------------- wire

    def body(self, resource: Resource, work: Work) -> dict[str, Any]:
        """The create body (services v1, "deploying a service")."""
        spec = resource.spec
        nothing = Live(resource.id, "", live_name(resource), "", Health.MISSING)
        rollout = self._rollout(resource, work)
        config = rollout.config(nothing)
        refuse_unset(resource, config, rollout.model_id)
        result: dict[str, Any] = {
            "service_name": live_name(resource),
            "infer_type": "real-time",
            "description": self.marked(resource, work.set_name),
            "workspace_id": work.api.workspace,
            **service_wire.write(config, {}),
        }
        if "pool" in spec:
            result["pool_name"] = spec["pool"]
        return result


def live_name(resource: Resource) -> str:
    """The service's name on the platform."""
    return str(resource.spec.get("serviceName") or resource.name)


def _recorded(resource: Resource, looking: Looking) -> str:
    """The remote id that the ledger knows, for a service that lagging lists lack."""
    fact = looking.records.get(resource.name, resource.hash, "created") or {}
    return str(fact.get("remoteId") or "") if fact.get("of") == Service.name else ""
