"""TrainingJob: a training, fine-tuning, evaluation or inference run on ModelArts training v2.

Endpoints, below ``/v2/{project_id}``:
    POST   /training-jobs                                  create, 201 with the whole job
    POST   /training-job-searches                          list and search
    GET    /training-jobs/{training_job_id}                detail; 400 ModelArts.2775 when absent
    PUT    /training-jobs/{training_job_id}                description, priority
    POST   /training-jobs/{training_job_id}/actions        terminate; 409 ModelArts.2796 when it has ended
    DELETE /training-jobs/{training_job_id}                delete; readable for a while
    GET    /training-jobs/{training_job_id}/tasks/{task_id}/logs/preview
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from operator import itemgetter
from typing import Any, ClassVar

from fmctl.domain.live import POLICIES, Health, Live, Observed, split_marker
from fmctl.domain.plan import Action, Change, Reason
from fmctl.domain.ports import Api
from fmctl.domain.problem import Problem
from fmctl.domain.resource import Path, Resource, ResourceId, Spec
from fmctl.domain.values import address, folder, is_remote, seconds
from fmctl.kinds import job_wire, running, runs
from fmctl.kinds.base import Deciding, Fan, Kind, Looking, Reference, Schema, Steps, Watch, Work
from fmctl.kinds.content import check_output
from fmctl.kinds.finding import Jobs, Seen
from fmctl.kinds.job_wire import run_name
from fmctl.kinds.reading import Item, legible
from fmctl.kinds.schema import ENV, IGNORE_DIFFERENCES, OBS, PARAMETERS, TEXTS, ignored, named, one_line, plain
from fmctl.kinds.using import versions_by_job

PHASES = {
    "Creating": Health.PROGRESSING,
    "Pending": Health.PROGRESSING,
    "Running": Health.PROGRESSING,
    "Terminating": Health.PROGRESSING,
    "Terminated": Health.SUSPENDED,
    "Completed": Health.HEALTHY,
    "Failed": Health.DEGRADED,
    "Abnormal": Health.DEGRADED,
}
FINAL = frozenset({"Terminated", "Completed", "Failed", "Abnormal"})
RUN_NAME = re.compile(r"^(.+)-([0-9a-f]{10})(?:-r([1-9][0-9]*))?$")
DELETE = POLICIES["Delete"]


_NAME = named("a name here")
_ENGINE: Schema = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "description": "engine_id; otherwise name and version"},
        "name": {"type": "string", "description": "the engine's name, as `PyTorch`"},
        "version": {"type": "string", "description": "the engine's version, as the platform spells it"},
    },
    "description": "an engine of the platform, which runs `bootFile`",
    "oneOf": [{"required": ["id"]}, {"required": ["name", "version"]}],
    "x-message": "an engine is {name, version} or {id}",
    "examples": [{"name": "PyTorch", "version": "pytorch_2.1.0-cann_7.0.0-py_3.9-euler_2.10.7-aarch64"}],
    "additionalProperties": False,
}
_ALGORITHM: Schema = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "description": "a stored algorithm"},
        "code": {"type": "string", "description": "a local folder, or obs://bucket/dir/", "examples": ["./code"]},
        "bootFile": {"type": "string", "description": "the program, inside code", "examples": ["train.py"]},
        "engine": _ENGINE,
        "image": {"type": "string", "description": "SWR image, org/name:tag"},
        "command": {
            "type": "string",
            "description": "what the image runs",
            "examples": ["cd ${MA_JOB_DIR}/code && python train.py"],
        },
    },
    "oneOf": [
        {"required": ["id"], "maxProperties": 1},
        {"required": ["code", "bootFile", "engine"], "properties": {"image": False, "command": False}},
        {"required": ["code", "bootFile", "image"], "properties": {"engine": False, "command": False}},
        {"required": ["image", "command"], "properties": {"bootFile": False, "engine": False}},
    ],
    "description": "what runs",
    "x-message": "algorithm is exactly one of {id}, {code, bootFile, engine or image}, {image, command}",
    "examples": [{"code": "./code", "bootFile": "train.py", "image": "my-org/train:1.4"}],
    "additionalProperties": False,
}
_INPUT: Schema = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"description": "the argument's name", **_NAME},
        "from": {"type": "string", "description": "a local folder or file, or obs://", "examples": ["./data"]},
        "jobRef": {"type": "string", "description": "a TrainingJob of this set, by its name", "examples": ["pretrain"]},
        "output": {"type": "string", "description": "the name of that job's output"},
        "path": {"type": "string", "description": "a folder or file inside the output", "default": ""},
    },
    "oneOf": [
        {"required": ["from"], "properties": {"jobRef": False, "output": False}},
        {"required": ["jobRef", "output"], "properties": {"from": False}},
    ],
    "x-message": "an input comes `from` an address, or from `jobRef` and `output`",
    "examples": [{"name": "data_url", "from": "./data"}],
    "additionalProperties": False,
}
_RESOURCES: Schema = {
    "type": "object",
    "properties": {
        "flavor": {"type": "string", "description": "a public flavor, modelarts.vm.cpu.8u"},
        "pool": {"type": "string", "description": "a dedicated pool's id"},
        "devices": {"enum": [1, 2, 4, 8], "description": "accelerators a node, on a pool"},
        "nodes": {
            "type": "integer",
            "minimum": 1,
            "default": 1,
            "description": "how many machines; on a pool more than one needs `devices: 8`",
        },
    },
    "oneOf": [
        {"required": ["flavor"], "properties": {"pool": False, "devices": False}},
        {"required": ["pool"], "properties": {"flavor": False}},
    ],
    "description": "machines to run on",
    "x-message": "resources are {flavor, nodes} or {pool, devices, nodes}",
    "examples": [{"flavor": "modelarts.vm.cpu.8u", "nodes": 1}],
    "additionalProperties": False,
}


class TrainingJob(Kind):
    """A run to completion. See the module for its endpoints, ``runs`` for when one starts."""

    name = "TrainingJob"
    is_run = True
    default_policy = "Stop"
    description_limit = 256
    outside_hash = frozenset(
        {
            "task",
            "description",
            "state",
            "retries",
            "onSpecChange",
            "deletionPolicy",
            "priority",
            "maxDuration",
            "logs",
            "requires",
            "ignoreDifferences",
        }
    )
    spec_schema: ClassVar[Schema] = {
        "type": "object",
        "properties": {
            "task": {
                "enum": ["train", "finetune", "evaluate", "infer"],
                "default": "train",
                "description": "what the job is for: a word for people, which changes nothing",
            },
            "description": one_line(256),
            "algorithm": _ALGORITHM,
            "parameters": PARAMETERS,
            "env": {
                "description": "environment variables of the job",
                **ENV,
                "examples": [{"LOG_LEVEL": "info", "DB_PASSWORD": {"valueFrom": {"env": "DB_PASSWORD"}}}],
            },
            "inputs": {
                "type": "array",
                "items": _INPUT,
                "examples": [
                    [
                        {"name": "data_url", "from": "./data"},
                        {"name": "model_url", "jobRef": "pretrain", "output": "train_url", "path": "model/"},
                    ]
                ],
                "description": "what the job reads; each arrives as an argument, `--name=<folder or file>`",
            },
            "outputs": {
                "type": "array",
                "description": "folders that the job writes; each arrives as an argument and is uploaded",
                "examples": [[{"name": "train_url", "to": "obs://my-bucket/out/"}]],
                "items": {
                    "type": "object",
                    "required": ["name", "to"],
                    "properties": {
                        "name": {"description": "the argument's name; other resources refer to it", **_NAME},
                        "to": {"description": "where it goes; every run gets its own folder below", **OBS},
                    },
                    "additionalProperties": False,
                },
            },
            "resources": _RESOURCES,
            "volumes": {
                "type": "array",
                "maxItems": 8,
                "description": "shared file systems (NFS, SFS Turbo) to mount",
                "examples": [[{"server": "192.168.0.82:/", "path": "/home/ma-user/nfs"}]],
                "items": {
                    "type": "object",
                    "required": ["server", "path"],
                    "properties": {
                        "server": {
                            "type": "string",
                            "pattern": "^[^:]+:/",
                            "description": "address and exported folder",
                            "x-message": "a server is its address and a folder of it, such as 10.0.0.8:/",
                        },
                        "path": {
                            "type": "string",
                            "pattern": "^/.",
                            "description": "where it is mounted",
                            "x-message": "path is absolute: /mnt/sfs",
                        },
                        "readOnly": {"type": "boolean", "default": False, "description": "mount it read-only"},
                    },
                    "additionalProperties": False,
                },
            },
            "logs": {"description": "where the platform keeps the log", **OBS},
            "maxDuration": {
                "type": "string",
                "pattern": "^([1-9][0-9]*(h|d)|[1-9][0-9]*(00s|0m))$",
                "description": "a run that takes longer is stopped and counts as failed",
                "x-message": "maxDuration is whole hours, such as 2h or 1d",
                "examples": ["2h"],
            },
            "priority": {
                "type": "integer",
                "minimum": 1,
                "maximum": 3,
                "description": "on a dedicated pool; 3 is first",
            },
            "retries": {
                "type": "object",
                "description": "how often a run is started again after it has failed",
                "examples": [{"infra": 2, "user": 0}],
                "properties": {
                    "infra": {
                        "type": "integer",
                        "minimum": 0,
                        "default": 2,
                        "description": "after trouble of the platform (`Abnormal`)",
                    },
                    "user": {
                        "type": "integer",
                        "minimum": 0,
                        "default": 0,
                        "description": "after the job itself has failed",
                    },
                },
                "additionalProperties": False,
            },
            "onSpecChange": {
                "enum": ["error", "stopAndRun", "runAfter"],
                "default": "error",
                "description": "what to do while an older run is active: refuse, stop it, or wait for it",
            },
            "state": {
                "enum": ["running", "stopped"],
                "default": "running",
                "description": "`stopped` stops what runs and starts nothing",
            },
            "rerun": {"type": "string", "description": "change it to run the same spec again", "examples": ['"2"']},
            "useRun": {
                "type": "string",
                "description": "this existing job is the run; nothing is started",
                "examples": ["pretrain-25c7555ef6"],
            },
            "requires": {
                "description": "other jobs of this set that must have completed first",
                **TEXTS,
                "examples": [["evaluate"]],
            },
            "ignoreDifferences": IGNORE_DIFFERENCES,
            "deletionPolicy": {
                "enum": ["Stop", "Delete", "Orphan"],
                "default": "Stop",
                "description": "what `--prune` does with a run that is no longer declared: stop, delete or leave it",
            },
        },
        "if": {"required": ["useRun"]},
        "else": {"required": ["algorithm", "resources"]},
        "additionalProperties": False,
    }

    # ---------------------------------------------------------------- manifest

    def references(self, spec: Spec) -> Iterator[Reference]:
        """Inputs by ``jobRef``, and ``requires``."""
        for index, item in enumerate(spec.get("inputs", ())):
            if "jobRef" in item:
                yield Reference(("spec", "inputs", index, "jobRef"), ResourceId(self.name, item["jobRef"]))
        for index, name in enumerate(spec.get("requires", ())):
            yield Reference(("spec", "requires", index), ResourceId(self.name, name))

    def local_paths(self, spec: Spec) -> Iterator[Path]:
        """``algorithm.code`` and ``inputs[].from``, unless they are ``obs://``."""
        code = spec.get("algorithm", {}).get("code")
        if code and not is_remote(code):
            yield ("spec", "algorithm", "code")
        for index, item in enumerate(spec.get("inputs", ())):
            if "from" in item and not is_remote(item["from"]):
                yield ("spec", "inputs", index, "from")

    def programs(self, spec: Spec) -> Iterator[tuple[Path, Path]]:
        """``algorithm.bootFile``, unless the code is ``obs://``."""
        algorithm = spec.get("algorithm", {})
        if "bootFile" in algorithm and not is_remote(algorithm.get("code", "")):
            yield ("spec", "algorithm", "bootFile"), ("spec", "algorithm", "code")

    def text_maps(self, spec: Spec) -> Iterator[Path]:
        """``parameters`` and ``env``."""
        yield from ((("spec", key)) for key in ("parameters", "env") if key in spec)

    def check(self, resource: Resource, others: Mapping[ResourceId, Resource], set_name: str) -> Iterator[Problem]:
        """Whole hours, pools and devices, unique names and outputs, outputs that exist, room for the marker."""
        spec = resource.spec
        problem = _Problems(resource)
        if "maxDuration" in spec and seconds(spec["maxDuration"]) % 3600:
            hours = f"write {-(-seconds(spec['maxDuration']) // 3600)}h"
            yield problem("FM0301", "maxDuration is whole hours, such as 2h or 1d", "maxDuration", hint=hours)
        yield from self._check_resources(spec.get("resources", {}), problem)
        if "priority" in spec and "pool" not in spec.get("resources", {}) and "useRun" not in spec:
            hint = "remove it, or name a pool in resources"
            yield problem("FM0303", "priority works on a dedicated pool only", "priority", hint=hint)
        yield from self.check_description(resource, set_name)
        yield from _unique(spec, "inputs", "name", problem)
        yield from _unique(spec, "outputs", "name", problem)
        yield from _unique(spec, "volumes", "path", problem)
        tos = [folder(output["to"]) for output in spec.get("outputs", ())]
        for index, to in enumerate(tos):
            if to in tos[:index]:
                hint = "give each a folder of its own"
                yield problem("FM0305", f"two outputs of one job go to {to}", "outputs", index, "to", hint=hint)
        for index, item in enumerate(spec.get("inputs", ())):
            yield from check_output(resource, others, ("inputs", index), item)

    def _check_resources(self, wanted: Spec, problem: _Problems) -> Iterator[Problem]:
        if "pool" in wanted and wanted.get("nodes", 1) > 1 and wanted.get("devices") != 8:
            hint = "nodes > 1 on a pool needs whole nodes: set devices to 8"
            yield problem("FM0302", hint, "resources", "devices" if "devices" in wanted else "nodes")

    def canonical(self, spec: Spec) -> Spec:
        """Addresses and durations in one spelling, lists in order, ``{value: x}`` as ``x``."""
        result = dict(spec)
        if "maxDuration" in spec:
            result["maxDuration"] = seconds(spec["maxDuration"])
        if "logs" in spec:
            result["logs"] = folder(spec["logs"])
        for key in ("env", "parameters"):
            if key in spec:
                result[key] = {name: plain(value) for name, value in spec[key].items()}
        algorithm = dict(spec.get("algorithm", {}))
        if is_remote(algorithm.get("code", "")):
            algorithm["code"] = folder(algorithm["code"])
        if algorithm:
            result["algorithm"] = algorithm
        inputs = [
            {**i, "from": address(i["from"])} if is_remote(i.get("from", "")) else i for i in spec.get("inputs", ())
        ]
        outputs = [{**o, "to": folder(o["to"])} for o in spec.get("outputs", ())]
        ordered = (
            ("inputs", inputs, "name"),
            ("outputs", outputs, "name"),
            ("volumes", spec.get("volumes", ()), "path"),
        )
        for key, items, by in ordered:
            if items:
                result[key] = sorted(items, key=itemgetter(by))
        return result

    def identity(self, spec: Spec, hash: str) -> str:
        """The run hash; with ``useRun`` the hash in that run's name, or the name of a job that is named otherwise."""
        used = str(spec.get("useRun", ""))
        known = RUN_NAME.match(used)
        return known[2] if known else used or hash

    # ---------------------------------------------------------------- looking

    def observe(
        self, resources: Sequence[Resource], looking: Looking
    ) -> tuple[Mapping[ResourceId, Observed], Sequence[Live]]:
        """Runs of every resource, by ten names a search or by pages of 50, whichever is fewer; other active ones."""
        jobs = self.jobs(looking.api)
        active = list(jobs.in_phases(phase for phase in PHASES if phase not in FINAL))
        rest = self._undeclared(resources, active, jobs, looking)
        if not resources:
            return {}, rest
        seen = Seen(active)
        complete = jobs.collect([run_name(r) for r in resources], seen)
        missing = [r for r in resources if not seen.current(r)]
        if not complete:
            seen.add(jobs.like([f"{r.name}-" for r in missing]))
        lagging = [r for r in resources if _lags(seen.current(r), looking.records.attempts(r.name, r.hash))]
        seen.add(live for live in looking.fan(lambda r: self._recorded(r, looking), lagging) if live)
        return {r.id: seen.observed(r) for r in resources}, rest

    def _undeclared(
        self, resources: Sequence[Resource], active: Sequence[Live], jobs: Jobs, looking: Looking
    ) -> Sequence[Live]:
        """Runs of the set that no resource accounts for: active ones, and for pruning records that may go."""
        names = {r.name for r in resources} | {run_name(r) for r in resources}
        ours = [job for job in active if job.active and job.owned_by(looking.set_name)]
        found = [job for job in ours if not names & {job.id.name, job.remote_name}]
        return [*found, *self._records(names, jobs, looking)] if looking.prune else found

    def _records(self, names: Set[str], jobs: Jobs, looking: Looking) -> Iterator[Live]:
        """Ended runs that the ledger names and whose marker says Delete, with the versions that came from them."""
        known = {name: looking.records.hashes(name) for name in looking.records.names() if name not in names}
        seen = jobs.like([f"{name}-" for name in known])
        ended = {j.remote_id: j for j in seen if not j.active and j.hash in known.get(j.id.name, ())}
        ours = [j for j in ended.values() if j.owned_by(looking.set_name) and j.marker and j.marker.policy == DELETE]
        users = self.users(ours, looking.api, looking.fan)
        yield from (job.used_by(users.get(job.remote_id, ())) for job in ours)

    def _recorded(self, resource: Resource, looking: Looking) -> Live | None:
        """A run that the list lacks but the ledger names: asked for by its id before it is called gone."""
        records = looking.records
        for attempt in sorted(records.attempts(resource.name, resource.hash), reverse=True):
            fact = records.get(resource.name, resource.hash, "created", attempt)
            if fact and fact.get("remoteId"):
                return self.find_id(str(fact["remoteId"]), looking.api)
        return None

    def find_id(self, remote_id: str, api: Api) -> Live | None:
        """One job by id, None when it is gone."""
        return self.jobs(api).by_id(remote_id)

    def find_name(self, name: str, api: Api) -> Live | None:
        """One job by its exact name."""
        return self.jobs(api).named(name)

    def log(self, live: Live, api: Api, task: str = "worker-0") -> str:
        """The newest part of a run's log."""
        return self.jobs(api).log(live, task)

    def jobs(self, api: Api) -> Jobs:
        """The jobs of the workspace."""
        return Jobs(api, self.read)

    def find(self, name: str, resource: Resource | None, api: Api) -> Iterator[Live]:
        """Every run of the name."""
        yield from self.runs_of(name, api)

    def runs_of(self, name: str, api: Api) -> list[Live]:
        """Every run of one resource, oldest first; a job named otherwise is found by its whole name."""
        found = Seen(self.jobs(api).like([name])).named(name)
        return sorted(found, key=lambda job: (job.created, job.attempt))

    def users(self, lives: Sequence[Live], api: Api, fan: Fan) -> Mapping[str, Sequence[str]]:
        """The live model versions that came from runs."""
        return versions_by_job(api, fan) if lives else {}

    def everything(self, api: Api) -> Iterator[Live]:
        """Every job of the workspace."""
        yield from self.jobs(api).everything()

    def poll(self, watches: Sequence[Watch], api: Api) -> Mapping[str, Live | None]:
        """Searches by ten names; a job that no search shows is asked for by its id."""
        names = sorted({watch.remote_name for watch in watches})
        found = {live.remote_name: live for live in self.jobs(api).like(names)}
        return {watch.remote_name: found.get(watch.remote_name) or self._sure(watch, api) for watch in watches}

    def _sure(self, watch: Watch, api: Api) -> Live | None:
        """What no search showed, by its id if that is known."""
        return self.find_id(watch.remote_id, api) if watch.remote_id else None

    @legible
    def read(self, job: Item) -> Live:
        """A job as the API shows it (create, detail, search: one shape)."""
        metadata, status, spec = job["metadata"], job.get("status") or {}, job.get("spec") or {}
        name, phase = metadata["name"], str(status.get("phase") or "")
        known = RUN_NAME.match(name)
        text, marker = split_marker(metadata.get("description"))
        seen: dict[str, Any] = {"description": text}
        priority = (spec.get("schedule_policy") or {}).get("priority")
        if priority is not None:
            seen["priority"] = int(priority)
        return Live(
            id=ResourceId(self.name, known[1] if known else name),
            remote_id=metadata["id"],
            remote_name=name,
            phase=phase,
            health=PHASES.get(phase, Health.UNKNOWN),
            description=text,
            marker=marker,
            spec=seen,
            message=job_wire.message(status),
            created=int(metadata.get("create_time") or 0),
            started=int(status.get("start_time") or 0),
            duration=int(status.get("duration") or 0),
            attempt=int(known[3] or 0) if known else 0,
            hash=known[2] if known else "",
            active=phase not in FINAL,
            facts=job_wire.facts(job),
        )

    # ---------------------------------------------------------------- deciding

    def decide(self, resource: Resource, observed: Observed, deciding: Deciding) -> Iterator[Change]:
        """The run table; then what can be changed in place: description and priority."""
        for change in runs.decide(resource, observed, deciding):
            live = change.live
            if change.action is not Action.NOOP or live is None or live.facts.get("gone"):
                yield change
            elif not live.owned_by(deciding.set_name) or _of_another(live, resource):
                yield replace(change, action=Action.REUSE, message=f"{live.remote_name}, {live.phase}")
            else:
                yield self._in_place(change, resource, live, deciding)

    def _in_place(self, change: Change, resource: Resource, live: Live, deciding: Deciding) -> Change:
        marker, wanted = live.marker, self.marker(resource, deciding.set_name)
        moved = marker != wanted
        desired = {key: resource.spec[key] for key in ("description", "priority") if key in resource.spec}
        if moved:
            desired.setdefault("description", "")
        if not live.active:
            desired.pop("priority", None)  # a run that has ended has no place in a queue
        for field in ignored(resource.spec):
            desired.pop(field, None)
        fields = deciding.differences(live.spec, desired)
        if fields or (marker and marker.policy != wanted.policy):
            reason = Reason.MANIFEST_CHANGED if moved else Reason.DRIFT
            return replace(change, action=Action.UPDATE, reason=reason, drift=not moved, fields=fields)
        if moved and "useRun" not in resource.spec:
            return replace(change, message=f"{change.message} (takes effect on the next run)".strip())
        return change

    # ---------------------------------------------------------------- doing

    def verb(self, change: Change, work: Work) -> Steps:
        """Create, stop, update, delete, or watch a run."""
        marker = self.marker(change.desired, work.set_name) if change.desired else None
        return running.verb(change, running.Running(self.jobs(work.api), work, marker))


def _lags(current: Live | None, known: Sequence[int]) -> bool:
    """Whether the ledger knows an attempt that the list lacks."""
    return bool(known) and (current is None or current.attempt < known[-1])


def _of_another(run: Live, resource: Resource) -> bool:
    """Whether ``useRun`` names a run of another job, which describes it."""
    known = RUN_NAME.match(run.remote_name)
    return "useRun" in resource.spec and (known is None or known[1] != resource.name)


class _Problems:
    """Problems of one resource, at paths below ``spec``."""

    def __init__(self, resource: Resource) -> None:
        self.resource = resource

    def __call__(self, rule: str, message: str, *path: str | int, hint: str | None = None) -> Problem:
        return Problem(self.resource.source("spec", *path), rule, message, hint)


def _unique(spec: Spec, key: str, by: str, problem: _Problems) -> Iterator[Problem]:
    """Items of a list that repeat another's name or path."""
    names = [item[by] for item in spec.get(key, ())]
    for index, name in enumerate(names):
        if name in names[:index]:
            yield problem("FM0307", f"two {key} have the {by} {name!r}", key, index, by)
