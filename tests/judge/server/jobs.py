"""Training jobs, ModelArts training v2."""

from __future__ import annotations

import time
from typing import Any

from .account import ACCOUNT
from .job import ENDED, Job
from .job_rules import check_creation
from .job_shown import shown_job
from .remote import Table
from .routes import Route
from .wire import Refused, Reply, Request, shown

Body = dict[str, Any]


class Jobs(Table[Job]):
    """All jobs, and the calls about them."""

    def routes(self) -> list[Route]:
        return [
            Route("POST", "v2/{}/training-jobs", self.create),
            Route("POST", "v2/{}/training-job-searches", self.search),
            Route("GET", "v2/{}/training-job-names", self.check_name),
            Route("GET", "v2/{}/training-jobs/{}", lambda _, id: shown(self.view(self.get(id)))),
            Route("PUT", "v2/{}/training-jobs/{}", self.update),
            Route("DELETE", "v2/{}/training-jobs/{}", self.delete),
            Route("POST", "v2/{}/training-jobs/{}/actions", self.act),
            Route("GET", "v2/{}/training-jobs/{}/tasks/{}/logs/preview", self.preview),
            Route("GET", "v2/{}/training-jobs/{}/tasks/{}/logs/url", self.link),
        ]

    def get(self, id: str) -> Job:
        """A job that can be read."""
        job = self.rows.get(id)
        if job is None or not self.readable(job):
            raise Refused(400, "2775", f"Training job (ID: {id}) not found.")
        return job

    def by_hand(self, name: str, description: str = "", ends: str = "Completed", **outputs: str) -> Job:
        """Somebody else's run."""
        written = [{"name": key, "remote": {"obs": {"obs_url": url}}} for key, url in outputs.items()]
        body = {"kind": "job", "metadata": {"name": name, "workspace_id": "0"}, "algorithm": {"outputs": written}}
        body["spec"] = {"resource": {"flavor_id": "modelarts.vm.cpu.8u", "node_count": 1}}
        return self.put(Job(name=name, description=description, body=body, ends=ends))

    # ------------------------------------------------------------ create

    def create(self, request: Request) -> Reply:
        body = request.data
        check_creation(self.rules, body)
        name = body["metadata"]["name"]
        if any(job.name == name for job in self.there()):
            raise Refused(400, "2751", f"Duplicate training job (name {name}).")
        job = Job(
            name=name,
            description=body["metadata"].get("description", ""),
            body=body,
            course=self.switches.job_course,
            ends=self._end(name),
            waits_as=self.switches.odd_phase or "Pending",
        )
        taken = any(job.outputs() & other.outputs() for other in self.there() if other.phase not in ENDED)
        self.rules.demand(not taken, f"{name} writes where another job is writing", "2753")
        return shown(self.view(self.post(job)), 201)

    def _end(self, name: str) -> str:
        ends = (end for beginning, end in self.switches.job_ends.items() if name.startswith(beginning))
        return next(ends, "Completed")

    # ------------------------------------------------------------ look

    def search(self, request: Request) -> Reply:
        asked = request.data or {}
        allowed = "offset limit sort_by order group_by workspace_id train_type unified_jobs tags filters"
        self.rules.known(asked, allowed, "search")
        limit, offset, order = asked.get("limit", 10), asked.get("offset", 0), asked.get("order", "desc")
        self.rules.demand(isinstance(limit, int) and 1 <= limit <= 50, f"limit {limit!r}", "2764")
        workspace = asked.get("workspace_id", "0")
        jobs = [job for job in self.listed() if job.body["metadata"].get("workspace_id", "0") == workspace]
        jobs.sort(key=lambda job: job.born, reverse=order == "desc")
        everything = len(jobs)
        for wanted in filter(None, asked.get("filters", [])):
            jobs = [job for job in jobs if self._passes(job, wanted)]
        start = offset * limit if self.switches.job_offset == "page" else offset
        answer = {
            "total": everything,
            "count": len(jobs),
            "limit": limit,
            "offset": offset,
            "sort_by": "create_time",
            "order": order,
            "group_by": "",
            "workspace_id": workspace,
            "ai_project": "default-ai-project",
            "items": [self.view(job) for job in jobs[start : start + limit]],
        }
        return shown(answer)

    def _passes(self, job: Job, wanted: Body) -> bool:
        self.rules.known(wanted, "key operator value", "filter")
        values = wanted["value"]
        self.rules.demand(isinstance(values, list) and len(values) <= 10, f"filter value {values!r}", "2809")
        match wanted["key"], wanted["operator"]:
            case "name", "like":
                return any(self.like(job.name, value) for value in values)
            case "name", "in":
                return job.name in values
            case "phase", "in":
                return job.phase in values
            case "id", "in":
                return job.id in values
        self.rules.demand(False, f"filter {wanted}", "2789")
        return False

    def check_name(self, request: Request) -> Reply:
        name = request.query["job_name"]
        return shown({"is_duplicate": any(job.name == name for job in self.there())})

    def view(self, job: Job) -> Body:
        """A job as create, detail and search show it."""
        return shown_job(job, self.switches, self.text(job.description))

    def preview(self, _: Request, id: str, _task: str) -> Reply:
        if self.get(id).phase in ("Creating", self.get(id).waits_as):
            return Reply(204)
        size = len(self.switches.log)
        return shown({"content": self.switches.log, "current_size": size, "full_size": size})

    def link(self, _: Request, id: str, _task: str) -> Reply:
        if self.get(id).phase in ("Creating", self.get(id).waits_as):
            raise Refused(400, "2818", "The log is not generated.")
        query = f"AWSAccessKeyId={ACCOUNT.access}&Expires={int(time.time()) + 300}&Signature=bG9nLm9mLmpvYg%3D%3D"
        return shown({"obs_url": f"https://logs.obs.{ACCOUNT.region}.example.com/{id}/worker-0.log?{query}"})

    # ------------------------------------------------------------ change

    def update(self, request: Request, id: str) -> Reply:
        job, body = self.get(id), request.data
        self.rules.known(body, "description spec", "job update")
        if "description" in body:
            self.rules.demand(len(body["description"]) <= 256, "description of more than 256")
            job.description = body["description"]
        if "spec" in body:
            self.rules.known(body["spec"], "notification schedule_policy", "spec of a job update")
            self.rules.demand("pool_id" in job.body["spec"]["resource"], "a priority in the public pool")
            job.body["spec"].setdefault("schedule_policy", {}).update(body["spec"]["schedule_policy"])
        return Reply() if self.switches.empty_bodies else shown(None)

    def act(self, request: Request, id: str) -> Reply:
        job = self.get(id)
        self.rules.demand(request.data == {"action_type": "terminate"}, f"action {request.data}", "2812")
        if job.phase in (*ENDED, "Terminating"):
            raise Refused(409, "2796", f"A job that is {job.phase} cannot be terminated.")
        job.stopped = time.time()
        return Reply(202) if self.switches.empty_bodies else shown(self.view(job), 202)

    def delete(self, _: Request, id: str) -> Reply:
        self.get(id).deleted = time.time()
        return Reply(202) if self.switches.empty_bodies else shown("", 202)
