"""ModelVersion: a published, immutable version of a model in the ModelArts registry (v1 models).

Endpoints, below ``/v1/{project_id}``:
    POST   /models               publish, 200 {"model_id"}; asynchronous; 409 ModelArts.3002 when it exists
    GET    /models               list; the description, and so the marker, is in it
    GET    /models/{model_id}    detail; 404 ModelArts.3001 when absent
    DELETE /models/{model_id}    200 even when nothing was deleted: only ``delete_success_list`` tells
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from fmctl.domain.live import Health, Live, Marker, Observed, split_marker
from fmctl.domain.plan import Action, Change, Reason
from fmctl.domain.ports import Api
from fmctl.domain.problem import Conflict, NotFound, NotReady, Problem
from fmctl.domain.resource import Path, Resource, ResourceId, Spec
from fmctl.domain.values import folder, is_remote, wire
from fmctl.kinds.base import SPECIAL, Deciding, Fan, Identity, Kind, Looking, Reference, Schema, Steps, Watch, Work
from fmctl.kinds.content import JOB, check_output, located
from fmctl.kinds.creating import create_once
from fmctl.kinds.deleting import until_gone
from fmctl.kinds.paging import listing
from fmctl.kinds.reading import Item, legible
from fmctl.kinds.schema import TEXTS, named, one_line
from fmctl.kinds.using import MODELS, users_of_version

PHASES = {
    "publishing": Health.PROGRESSING,
    "building": Health.PROGRESSING,
    "published": Health.HEALTHY,
    "failed": Health.DEGRADED,
    "building_failed": Health.DEGRADED,
}
NEVER_PUBLISHED = frozenset({"failed", "building_failed"})


class ModelVersion(Kind):
    """One version of one model; its identity is ``model`` and ``version``."""

    name = "ModelVersion"
    description_limit = 100
    description_forbids = SPECIAL
    outside_hash = frozenset({"description", "requires", "deletionPolicy", "adopt"})
    spec_schema: ClassVar[Schema] = {
        "type": "object",
        "required": ["model", "version", "type", "source"],
        "properties": {
            "model": {
                "description": "the model's name on the platform (model_name)",
                **named("the name of a model"),
                "examples": ["digits"],
            },
            "version": {
                "type": "string",
                "pattern": "^(0|[1-9][0-9]?)\\.(0|[1-9][0-9]?)\\.(0|[1-9][0-9]?)$",
                "description": "with `model` it is the identity",
                "x-message": "version is N.N.N, each 0-99 without leading zeros",
                "examples": ["1.10.0"],
            },
            "description": one_line(100, SPECIAL),
            "type": {
                "description": "the platform's name for the framework",
                "enum": [
                    "TensorFlow",
                    "PyTorch",
                    "MindSpore",
                    "Image",
                    "MXNet",
                    "Caffe",
                    "Spark_MLlib",
                    "Scikit_Learn",
                    "XGBoost",
                    "Custom",
                ],
            },
            "runtime": {
                "type": "string",
                "description": "one of the runtimes that the platform lists for the type",
                "examples": ["pytorch_1.8.0-cpu-py_3.7"],
            },
            "source": {
                "type": "object",
                "description": "what is published: a folder that contains `model/`, or an image",
                "properties": {
                    "jobRef": {"type": "string", "description": "a TrainingJob of this set, by its name"},
                    "output": {"type": "string", "description": "the name of that job's output"},
                    "path": {"type": "string", "description": "a folder inside the output", "default": ""},
                    "from": {"type": "string", "description": "obs://bucket/dir/ or a local folder"},
                    "image": {"type": "string", "description": "SWR image, org/name:tag"},
                },
                "oneOf": [
                    {
                        "required": ["jobRef", "output"],
                        "not": {"anyOf": [{"required": ["from"]}, {"required": ["image"]}]},
                    },
                    {"required": ["from"], "maxProperties": 1},
                    {"required": ["image"], "maxProperties": 1},
                ],
                "x-message": "source is exactly one of {jobRef, output, path}, {from}, {image}",
                "examples": [{"jobRef": "finetune", "output": "train_url"}],
                "additionalProperties": False,
            },
            "requires": {
                **TEXTS,
                "description": "jobs of this set that must have completed first",
                "examples": [["evaluate"]],
            },
            "config": {"type": "object", "description": "initial_config: apis, dependencies, health"},
            "adopt": {
                "type": "boolean",
                "default": False,
                "description": "`true`: an existing version without a marker is ours",
            },
            "deletionPolicy": {
                "enum": ["Delete", "Orphan"],
                "default": "Delete",
                "description": "what `--prune` does with a version that is no longer declared",
            },
        },
        "additionalProperties": False,
    }

    # ---------------------------------------------------------------- manifest

    def references(self, spec: Spec) -> Iterator[Reference]:
        """``source.jobRef`` and ``requires``."""
        if "jobRef" in spec.get("source", {}):
            yield Reference(("spec", "source", "jobRef"), ResourceId(JOB, spec["source"]["jobRef"]))
        for index, name in enumerate(spec.get("requires", ())):
            yield Reference(("spec", "requires", index), ResourceId(JOB, name))

    def local_paths(self, spec: Spec) -> Iterator[Path]:
        """``source.from``, unless it is ``obs://``."""
        if "from" in spec.get("source", {}) and not is_remote(spec["source"]["from"]):
            yield ("spec", "source", "from")

    def identities(self, resource: Resource) -> Iterator[Identity]:
        """A version is published once."""
        identity = _identity(resource.spec)
        hint = "raise `version` in one of them"
        yield Identity(identity, ("spec", "version"), "FM0308", " ".join(identity), hint)

    def check(self, resource: Resource, others: Mapping[ResourceId, Resource], set_name: str) -> Iterator[Problem]:
        """The source's output exists; the description fits."""
        spec = resource.spec
        yield from check_output(resource, others, ("source",), spec["source"])
        yield from self.check_description(resource, set_name)
        if spec["type"] == "Image" and "image" not in spec["source"]:
            hint = "name the image, or the framework that reads the folder"
            yield Problem(resource.source("spec", "source"), "FM0309", "type Image needs source.image", hint)

    def canonical(self, spec: Spec) -> Spec:
        """The source's address in one spelling."""
        source = dict(spec["source"])
        if is_remote(source.get("from", "")):
            source["from"] = folder(source["from"])
        return {**spec, "source": source}

    def marker(self, resource: Resource, set_name: str) -> Marker:
        """Nothing can be rewritten here, so the marker holds the run hash."""
        return Marker(set_name, resource.hash, self.policy(resource.spec))

    # ---------------------------------------------------------------- looking

    def observe(
        self, resources: Sequence[Resource], looking: Looking
    ) -> tuple[Mapping[ResourceId, Observed], Sequence[Live]]:
        """One list; a version that it lacks but the ledger names is asked for by its id."""
        wanted = {_identity(r.spec): r for r in resources}
        found: dict[ResourceId, Live] = {}
        rest: list[Live] = []
        for live in self.everything(looking.api):
            resource = wanted.get((live.spec["model"], live.spec["version"]))
            if resource:
                found[resource.id] = replace(live, id=resource.id)
            elif live.owned_by(looking.set_name):
                rest.append(live)
        missing = [r for r in resources if r.id not in found]
        for live in looking.fan(lambda r: self._recorded(r, looking), missing):
            if live:
                found[live.id] = live
        if looking.prune:
            users = self.users(rest, looking.api, looking.fan)
            rest = [live.used_by(users[live.remote_id]) for live in rest]
        return {r.id: Observed(found.get(r.id)) for r in resources}, rest

    def _recorded(self, resource: Resource, looking: Looking) -> Live | None:
        fact = looking.records.get(resource.name, resource.hash, "created") or {}
        if fact.get("of") != self.name or not fact.get("remoteId"):
            return None
        live = self.find_id(str(fact["remoteId"]), looking.api)
        return live and replace(live, id=resource.id)

    def find_id(self, remote_id: str, api: Api) -> Live | None:
        """One version by id, None when it is gone."""
        try:
            return self.read(api.call("GET", f"{MODELS}/{remote_id}"))
        except NotFound:
            return None

    def find_version(self, model: str, version: str, api: Api) -> Live | None:
        """One version by its identity; the list's name filter is fuzzy, so equality is checked here."""
        for item in listing(api, MODELS, "models", "model_id", model_name=model):
            live = self.read(item)
            if (live.spec["model"], live.spec["version"]) == (model, version):
                return live
        return None

    def find(self, name: str, resource: Resource | None, api: Api) -> Iterator[Live]:
        """The version that the manifest declares, or that ``<model>-<N-N-N>`` names."""
        if resource:
            live = self.find_version(resource.spec["model"], resource.spec["version"], api)
            if live:
                yield replace(live, id=resource.id)
        else:
            yield from (live for live in self.everything(api) if live.id.name == name)

    def users(self, lives: Sequence[Live], api: Api, fan: Fan) -> Mapping[str, Sequence[str]]:
        """The live names of the services that use each version, whoever they belong to."""
        ids = [live.remote_id for live in lives]
        return dict(zip(ids, fan(lambda id: users_of_version(id, api), ids), strict=True))

    def everything(self, api: Api) -> Iterator[Live]:
        """Every model version of the workspace."""
        yield from map(self.read, listing(api, MODELS, "models", "model_id"))

    def poll(self, watches: Sequence[Watch], api: Api) -> Mapping[str, Live | None]:
        """One list for all; a version that it lacks is asked for by its id."""
        names = {watch.remote_name.partition(" ")[0] for watch in watches}
        query = {"model_name": names.pop()} if len(names) == 1 else {}
        found = {}
        for item in listing(api, MODELS, "models", "model_id", **query):
            live = self.read(item)
            found[live.remote_name] = live
        return {watch.remote_name: found.get(watch.remote_name) or self._sure(watch, api) for watch in watches}

    def _sure(self, watch: Watch, api: Api) -> Live | None:
        return self.find_id(watch.remote_id, api) if watch.remote_id else None

    @legible
    def read(self, item: Item) -> Live:
        """A version as the list or the detail shows it."""
        text, marker = split_marker(item.get("description"))
        model, version = str(item["model_name"]), str(item["model_version"])
        phase = str(item.get("model_status") or "")
        return Live(
            id=ResourceId(self.name, f"{model}-{version.replace('.', '-')}"),
            remote_id=str(item["model_id"]),
            remote_name=f"{model} {version}",
            phase=phase,
            health=PHASES.get(phase, Health.UNKNOWN),
            description=text,
            marker=marker,
            spec={"model": model, "version": version},
            message=str(item.get("error_msg") or item.get("message") or ""),
            created=int(item.get("create_at") or 0),
            hash=marker.hash if marker else "",
            active=PHASES.get(phase, Health.PROGRESSING) is Health.PROGRESSING,
            facts={"sourceJob": item.get("source_job_id") or ""},
        )

    # ---------------------------------------------------------------- deciding

    def decide(self, resource: Resource, observed: Observed, deciding: Deciding) -> Iterator[Change]:
        """Absent: publish. Ours with this hash: in sync. Ours with another: raise the version. Else: refuse."""
        live = observed.live

        def change(action: Action, reason: Reason, message: str = "") -> Change:
            return Change(resource.id, action, reason, message, desired=resource, live=live, needs=resource.needs)

        what = f"{resource.spec['model']} {resource.spec['version']}"
        if live is None:
            yield change(Action.CREATE, Reason.ABSENT)
        elif not live.owned_by(deciding.set_name):
            if resource.spec.get("adopt") and live.marker is None:
                yield change(Action.REUSE, Reason.IN_SYNC, f"{what} is taken as it is (adopt: true)")
            else:
                hint = " or say `adopt: true`" if live.marker is None else ""
                yield change(Action.REFUSE, Reason.NOT_OURS, f"{what} belongs to {live.owner}; raise `version`{hint}")
        elif live.phase in NEVER_PUBLISHED:
            yield change(Action.REPLACE, Reason.NEVER_PUBLISHED, f"{live.phase}; deleted and published again")
        elif live.hash != resource.hash and live.hash not in resource.older:
            hint = f"{what} was published from other content ({live.hash}, now {resource.hash}); raise `version`"
            yield change(Action.ERROR, Reason.IMMUTABLE_VERSION, hint)
        elif live.health is Health.PROGRESSING or live.health is Health.UNKNOWN:
            yield change(Action.NOOP, Reason.PROGRESSING, live.phase)
        else:
            kept = live.marker is not None and live.marker.policy != self.policy(resource.spec)
            note = " (deletionPolicy takes effect on the next version)" if kept else ""
            yield change(Action.NOOP, Reason.IN_SYNC, live.phase + note)

    # ---------------------------------------------------------------- doing

    def verb(self, change: Change, work: Work) -> Steps:
        """Publish, publish again, delete, or wait."""
        live = change.live
        if change.action is Action.CREATE:
            return (yield from self._create(change, work))
        if change.action is Action.REPLACE and live:
            yield from self._delete(live, work)
            return (yield from self._create(change, work))
        if change.action is Action.DELETE and live:
            return (yield from self._delete(live, work))
        return (yield from self._until_published(live, work)) if live and live.active else live

    def _create(self, change: Change, work: Work) -> Steps:
        resource = change.desired
        assert resource is not None
        spec = resource.spec
        body = self.body(resource, work)

        def post() -> str:
            return str(work.api.call("POST", MODELS, body=body)["model_id"])

        def find() -> Live | None:
            return self.find_version(spec["model"], spec["version"], work.api)

        name = f"{spec['model']} {spec['version']}"
        remote_id, found = yield from create_once(name, post, find, work.clock)
        if found and found.marker != self.marker(resource, work.set_name):
            msg = f"{name} appeared meanwhile and belongs to {found.owner}"
            raise Conflict(msg, hint="look at it with `fmctl diff`, and raise `version`")
        fact = {"of": self.name, "run": name, "remoteId": remote_id, "marker": resource.hash}
        work.records.record(resource.name, resource.hash, "created", fact)
        live = found or self.read(
            {"model_id": remote_id, "model_name": spec["model"], "model_version": spec["version"]}
        )
        return (yield from self._until_published(live, work))

    def _until_published(self, live: Live, work: Work) -> Steps:
        while live.active:
            seen = yield Watch(live.remote_id, live.remote_name, live.phase)
            if seen is None:
                msg = f"{live.remote_name} disappeared while it was {live.phase or 'being published'}"
                raise NotReady(msg, hint="apply again")
            live = seen
        if live.phase == "published":
            return live
        detail = self.find_id(live.remote_id, work.api) or live
        why = detail.message or live.message or "the platform gives no reason"
        hint = "correct the model folder and apply again; the version is published anew"
        raise NotReady(f"{live.remote_name} ended {live.phase}: {why}", hint=hint)

    def _delete(self, live: Live, work: Work) -> Steps:
        """Delete, believing only ``delete_success_list``, and wait until it is gone."""
        try:
            answer = work.api.call("DELETE", f"{MODELS}/{live.remote_id}", query={"cascade": False}, safe=True) or {}
        except NotFound:
            return None
        deleted = live.remote_id in (answer.get("delete_success_list") or ())
        if not deleted and self.find_id(live.remote_id, work.api):  # gone it is by a request whose answer was lost
            failed: Item = next(iter(answer.get("delete_failed_list") or ()), {})
            why = f"{failed.get('error_msg', 'no reason given')} ({failed.get('error_code', 'no code')})"
            raise NotReady(
                f"{live.remote_name} was not deleted: {why}", hint="ModelArts.3009: a service still names it"
            )
        return (yield from until_gone(live))

    # ---------------------------------------------------------------- wire

    def body(self, resource: Resource, work: Work) -> dict[str, Any]:
        """The create body (models v1, "importing a model")."""
        spec = resource.spec
        result: dict[str, Any] = {
            "model_name": spec["model"],
            "model_version": spec["version"],
            "model_type": spec["type"],
            "description": self.marked(resource, work.set_name),
            "source_location": self._source(resource, work),
            "workspace_id": work.api.workspace,
        }
        if "runtime" in spec:
            result["runtime"] = spec["runtime"]
        if "config" in spec:
            result["initial_config"] = json.dumps(spec["config"], ensure_ascii=False, sort_keys=True)
        if "jobRef" in spec["source"]:
            job = work.live(ResourceId(JOB, spec["source"]["jobRef"]))
            if job and job.remote_id:
                result["source_job_id"] = job.remote_id
        return result

    def _source(self, resource: Resource, work: Work) -> str:
        source = resource.spec["source"]
        if "image" in source:
            return str(source["image"])
        return wire(folder(located(source, resource, work)))


def _identity(spec: Spec) -> tuple[str, str]:
    return str(spec.get("model")), str(spec.get("version"))
