"""Real-time services, ModelArts v1."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from .account import ACCOUNT
from .models import Models
from .remote import Table, milliseconds
from .routes import Route
from .rules import Rules
from .service import Service
from .service_rules import check_config, check_creation, check_scaling, check_update
from .switches import Switches
from .wire import Refused, Reply, Request, shown

Body = dict[str, Any]
QUERY = "service_id service_name model_id workspace_id infer_type status tags offset limit sort_by order"
MAY_START = ("failed", "stopped", "pending", "finished")
MAY_STOP = ("running", "concerning", "failed", "pending")
MAY_SCALE = ("running", "concerning", "failed")
MAY_NOT_CHANGE = ("deploying", "waiting", "stopping")


KEYS: dict[str, Callable[[Service], Any]] = {
    "publish_at": lambda each: each.born,
    "service_name": lambda each: each.name,
    "transition_at": lambda each: each.moved,
}


class Services(Table[Service]):
    """All services, and the calls about them."""

    def __init__(self, switches: Switches, rules: Rules, models: Models) -> None:
        super().__init__(switches, rules)
        self.models = models
        models.in_use = self.uses
        self.address = ""
        self._filters: dict[str, Callable[[Service, str], bool]] = {
            "service_id": lambda each, value: each.id == value,
            "service_name": lambda each, value: self.like(each.name, value),
            "model_id": lambda each, value: any(entry["model_id"] == value for entry in each.config),
            "workspace_id": lambda _, value: value == "0",
            "infer_type": lambda _, value: value == "real-time",
            "status": lambda each, value: each.status == value,
        }

    def routes(self) -> list[Route]:
        return [
            Route("GET", "v1/{}/services", self.index),
            Route("POST", "v1/{}/services", self.create),
            Route("GET", "v1/{}/services/{}", lambda _, id: shown(self.detail(self.get(id)))),
            Route("PUT", "v1/{}/services/{}", self.update),
            Route("PUT", "v1/{}/services/{}/property", self.scale),
            Route("DELETE", "v1/{}/services/{}", self.delete),
            Route("GET", "v1/{}/services/{}/logs", self.show_logs),
        ]

    def uses(self, model_id: str) -> bool:
        """Whether a service that is there has the model."""
        return any(entry["model_id"] == model_id for service in self.there() for entry in service.config)

    def get(self, id: str) -> Service:
        """A service that can be read, as it is at this moment."""
        service = self.rows.get(id)
        if service is None or not self.readable(service):
            raise Refused(404, "3502", f"The service {id} does not exist.")
        self.settle(service)
        return service

    def by_hand(self, name: str, model_id: str, description: str = "") -> Service:
        """Somebody else's service."""
        config = [{"model_id": model_id, "weight": 100, "specification": "x", "instance_count": 1}]
        return self.put(Service(name=name, description=description, config=config))

    def settle(self, service: Service) -> None:
        """Let pass what has passed since somebody looked last."""
        if service.deleted:
            service.become("deleting", service.deleted)
        while service.until and time.time() >= service.until:
            self._advance(service, service.until)

    def _advance(self, service: Service, at: float) -> None:
        if service.status == "deploying" and service.fails:
            service.become("failed", at)
        elif service.status == "deploying" and service.before is not None:
            service.log("FAIL", at, self._entries(service))
            service.config, service.before = service.before, None
            service.become("running", at)
        elif service.status == "deploying":
            service.log("SUCCESS", at, self._entries(service))
            service.become("concerning", at, self.switches.service_course[1])
        else:
            service.become({"concerning": "running", "stopping": "stopped"}[service.status], at)

    # ------------------------------------------------------------ look

    def index(self, request: Request) -> Reply:
        query = request.query
        self.rules.known(query, QUERY, "query of services", "3037")
        services = self.listed()
        everything = len(services)
        for service in services:
            self.settle(service)
        for key, fits in self._filters.items():
            if query.get(key):
                services = [each for each in services if fits(each, query[key])]
        services = self.ordered(services, query, KEYS)
        page, counts = self.page(services, query, "item", everything)
        items = [self.summary(service) | {"is_opened_sample_collection": False} for service in page]
        return shown({**counts, "services": items})

    def show_logs(self, _: Request, id: str) -> Reply:
        service = self.get(id)
        return shown({"service_id": id, "service_name": service.name, "logs": service.logs})

    def summary(self, service: Service) -> Body:
        """A service as lists show it."""
        more: Body = {"error_msg": "container exited"} if service.status == "failed" else {}
        if service.schedule:
            more["schedule"] = service.schedule
        return {
            **more,
            **service.due(),
            "service_id": service.id,
            "service_name": service.name,
            "description": self.text(service.description),
            "tenant": "t",
            "project": ACCOUNT.project,
            "owner": "u",
            "infer_type": "real-time",
            "workspace_id": 0 if self.switches.workspace_as_number else "0",
            "status": service.status,
            "progress": 100,
            "publish_at": milliseconds(service.born),
            "update_time": milliseconds(service.updated),
            "transition_at": milliseconds(service.moved),
            "operation_time": milliseconds(service.operated),
            "invocation_times": 0,
            "failed_times": 0,
            "is_shared": False,
            "shared_count": 0,
            "is_free": False,
            "additional_properties": {},
        }

    def detail(self, service: Service) -> Body:
        """A service as its own address shows it."""
        address = f"{self.address}/v1/infers/{service.id}"
        more: Body = {
            "access_address": address + "/" * self.switches.trailing_slash,
            "config": self._entries(service),
        }
        if service.pool:
            more["pool_name"] = service.pool
        if self.switches.details_grow:
            more[f"grown_{time.time_ns()}"] = {"a": [1]}
            more["config"].reverse()
        return self.summary(service) | more

    def _entries(self, service: Service) -> list[Body]:
        return [self._entry(entry) for entry in service.config]

    def _entry(self, sent: Body) -> Body:
        model = self.models.rows.get(sent["model_id"])
        weight = str(sent["weight"]) if self.switches.weights_as_text else sent["weight"]
        filled = {"envs": {}, "custom_spec": {}, "scaling": False, "support_debug": False, "status": "ready"}
        named = {"model_name": model.name, "model_version": model.version} if model else {}
        return filled | {"additional_properties": {}} | sent | named | {"weight": weight}

    # ------------------------------------------------------------ change

    def create(self, request: Request) -> Reply:
        body = request.data
        check_creation(self.rules, body)
        if any(service.name == body["service_name"] for service in self.there()):
            raise Refused(409, "3503", "The service exists.")
        pool = body.get("pool_name", "")
        self._check_models(body["config"], pool)
        service = Service(
            name=body["service_name"],
            description=body.get("description", ""),
            config=body["config"],
            pool=pool,
            schedule=body.get("schedule", []),
        )
        self._deploy(service, time.time())
        return shown({"service_id": self.post(service).id, "resource_ids": []})

    def _deploy(self, service: Service, now: float) -> None:
        service.fails = self.switches.service_fails
        service.become("deploying", now, self.switches.service_course[0])

    def update(self, request: Request, id: str) -> Reply:
        service, body, now = self.get(id), request.data, time.time()
        check_update(self.rules, body)
        if service.status == "deleting":
            raise Refused(400, "3519", "The service is being deleted.")
        service.operated = now
        service.description = body.get("description", service.description)
        service.schedule = body.get("schedule", service.schedule)
        if "status" in body:
            self._set_status(service, body["status"], now)
        elif "config" in body:
            self._set_config(service, body["config"], now)
        if self.switches.empty_bodies:
            return Reply()
        configured = "config" in body and "status" not in body
        return shown({"update_time": milliseconds(now), "resource_ids": []} if configured else {})

    def _set_status(self, service: Service, wanted: str, now: float) -> None:
        self.rules.one_of(wanted, ["running", "stopped"], "status", "3037")
        if service.status not in (MAY_START if wanted == "running" else MAY_STOP):
            raise Refused(400, "3519", f"A service that is {service.status} cannot be {wanted}.")
        if wanted == "running":
            service.updated = now
            self._deploy(service, now)
        else:
            service.become("stopping", now, self.switches.service_course[2])

    def _set_config(self, service: Service, config: list[Body], now: float) -> None:
        if service.status in MAY_NOT_CHANGE:
            raise Refused(400, "3519", f"A service that is {service.status} cannot be changed.")
        self._check_models(config, service.pool)
        self._change(service, config, now)

    def _change(self, service: Service, config: list[Body], now: float) -> None:
        if self.switches.drops_config:
            return
        service.before = service.config if self.switches.rolls_back else None
        service.config, service.updated = config, now
        if service.status in ("running", "concerning", "failed") or self.switches.starts_on_config:
            self._deploy(service, now)
        else:
            service.log("SUCCESS", now, self._entries(service))

    def scale(self, request: Request, id: str) -> Reply:
        service, body, now = self.get(id), request.data, time.time()
        counts = check_scaling(self.rules, body)
        if service.status not in MAY_SCALE:
            raise Refused(400, "3519", f"A service that is {service.status} cannot be scaled.")
        if counts.keys() - {entry["model_id"] for entry in service.config}:
            raise Refused(400, "3529", "The model is no part of the service.")
        config = [
            {**entry, "instance_count": counts.get(entry["model_id"], entry["instance_count"])}
            for entry in service.config
        ]
        self.rules.demand(config != service.config, "as many instances as there are", "3037")
        self._change(service, config, now)
        return shown({"update_time": milliseconds(now), "resource_ids": []})

    def delete(self, _: Request, id: str) -> Reply:
        service = self.get(id)
        if service.deleted:
            raise Refused(400, "3519", "The service is being deleted.")
        service.deleted = time.time()
        return Reply() if self.switches.empty_bodies else shown({})

    def _check_models(self, config: Any, pool: str) -> None:
        check_config(self.rules, config, pool)
        for entry in config:
            model = self.models.rows.get(entry["model_id"])
            if model is None or not self.models.readable(model):
                raise Refused(404, "3507", "The model does not exist.")
            if model.status != "published":
                raise Refused(400, "3515", "The model is not published.")
