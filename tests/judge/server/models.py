"""Model versions, ModelArts v1."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .account import ACCOUNT
from .remote import Remote, Table, milliseconds, spelled
from .routes import Route
from .rules import SHORT_TEXT, VERSION, Rules
from .switches import Switches
from .wire import Refused, Reply, Request, shown

Body = dict[str, Any]
QUERY = (
    "model_name exact_match model_version model_status description model_type not_model_type workspace_id offset "
    "limit sort_by order"
)
CREATION = (
    "model_name model_version model_type source_location source_copy source_type source_job_id source_job_version "
    "runtime description execution_code model_algorithm model_metrics initial_config apis input_params output_params "
    "dependencies model_docs install_type template workspace_id cmd deployment_constraints"
)

TEXTS = ("source_job_id", "source_job_version", "execution_code", "model_algorithm", "cmd")
LISTS = ("input_params", "output_params", "dependencies", "model_docs", "model_labels")


@dataclass(slots=True, kw_only=True)
class Model(Remote):
    """One version of a model."""

    version: str
    body: Body
    course: tuple[float, float] = (0, 0)
    fails: bool = False

    @property
    def type(self) -> str:
        """The engine as lists spell it."""
        return str(self.body["model_type"]).lower()

    @property
    def status(self) -> str:
        """The status of this moment."""
        age = time.time() - self.born
        if age < self.course[0]:
            return "publishing"
        if age < sum(self.course):
            return "building"
        return "building_failed" if self.fails else "published"


KEYS: dict[str, Callable[[Model], Any]] = {
    "create_at": lambda model: model.born,
    "model_version": lambda model: [int(part) for part in model.version.split(".")],
    "model_size": lambda _: 1,
}


class Models(Table[Model]):
    """All model versions, and the calls about them."""

    def __init__(self, switches: Switches, rules: Rules) -> None:
        super().__init__(switches, rules)
        self.in_use: Callable[[str], bool] = lambda _id: False
        """Whether a service uses the model of an id; the services say so."""

        self._filters: dict[str, Callable[[Model, str], bool]] = {
            "model_name": lambda model, value: self.like(model.name, value),
            "model_version": lambda model, value: model.version == value,
            "model_status": lambda model, value: model.status == value,
            "description": lambda model, value: value in model.description,
            "workspace_id": lambda _, value: value == "0",
            "model_type": lambda model, value: model.type == value.lower(),
            "not_model_type": lambda model, value: model.type != value.lower(),
        }

    def routes(self) -> list[Route]:
        return [
            Route("GET", "v1/{}/models", self.index),
            Route("POST", "v1/{}/models", self.create),
            Route("GET", "v1/{}/models/{}", lambda _, id: shown(self.detail(self.get(id)))),
            Route("DELETE", "v1/{}/models/{}", self.delete),
        ]

    def get(self, id: str) -> Model:
        """A model that can be read."""
        model = self.rows.get(id)
        if model is None or not self.readable(model):
            raise Refused(404, "3001", f"The model {id} does not exist.")
        return model

    def by_hand(self, name: str, version: str, description: str = "") -> Model:
        """Somebody else's model."""
        body = {"source_location": f"/{ACCOUNT.bucket}/by-hand/", "model_type": "PyTorch"}
        return self.put(Model(name=name, version=version, description=description, body=body))

    def index(self, request: Request) -> Reply:
        query = request.query
        self.rules.known(query, QUERY, "query of models", "3037")
        models = self.listed()
        everything = len(models)
        for key, fits in self._filters.items():
            if query.get(key):
                models = [model for model in models if fits(model, query[key])]
        models = self.ordered(models, query, KEYS)
        page, counts = self.page(models, query, self.switches.model_offset, everything)
        return shown({**counts, "models": [self.summary(model) for model in page]})

    def create(self, request: Request) -> Reply:
        body = request.data
        self._check(body)
        if any((model.name, model.version) == (body["model_name"], body["model_version"]) for model in self.there()):
            raise Refused(409, "3002", "The model exists.")
        model = Model(
            name=body["model_name"],
            version=body["model_version"],
            description=body.get("description", ""),
            body=body,
            course=self.switches.model_course,
            fails=self.switches.model_fails,
        )
        return shown({"model_id": self.post(model).id})

    def _check(self, body: Body) -> None:
        rules = self.rules
        rules.known(body, CREATION, "model", "3037")
        rules.required(body, "model_name model_version model_type source_location")
        rules.name(body, "model_name", "3037")
        rules.demand(VERSION.fullmatch(body["model_version"]), "model_version", "3037")
        rules.demand(SHORT_TEXT.fullmatch(body.get("description", "")), "description of a model", "3037")
        rules.demand(isinstance(body.get("initial_config", ""), str), "initial_config", "3016")

    def delete(self, _: Request, id: str) -> Reply:
        model = self.get(id)
        if self.in_use(id) or self.switches.models_are_kept:
            kept = {"model_id": id, "error_code": "ModelArts.3009", "error_msg": "The model is used by a service."}
            return shown({"delete_success_list": [], "delete_failed_list": [kept]})
        model.deleted = time.time()
        return shown({"delete_success_list": [id], "delete_failed_list": []})

    def summary(self, model: Model) -> Body:
        """A model as lists show it."""
        return {
            "model_id": model.id,
            "model_name": model.name,
            "model_version": model.version,
            "model_type": model.type,
            "model_status": model.status,
            "model_size": 1,
            "model_source": "custom",
            "source_type": "",
            "tenant": "t",
            "project": ACCOUNT.project,
            "owner": "u",
            "create_at": milliseconds(model.born),
            "description": self.text(model.description),
            "workspace_id": 0 if self.switches.workspace_as_number else "0",
            "install_type": ["realtime", "batch"],
            "specification": {},
            "tunable": False,
            "market_flag": False,
            "publishable_flag": True,
        }

    def detail(self, model: Model) -> Body:
        """A model as its own address shows it."""
        sent = model.body
        more: Body = {
            "model_type": sent["model_type"],
            "source_location": spelled(sent["source_location"], self.switches.obs_spelling, ACCOUNT.region),
            "source_copy": "true",
            "image_address": "",
            "schema_doc": "",
            "apis": "[]",
            "config": sent.get("initial_config", "{}"),
            "runtime": sent.get("runtime", "pytorch_1.8.0-cpu-py_3.7"),
            "model_metrics": sent.get("model_metrics", "{}"),
            **{key: sent.get(key, "") for key in TEXTS},
            **{key: [] for key in LISTS},
            "labels_map": {"labels": []},
            "health": {},
        }
        if model.status == "building_failed":
            more["error_msg"] = "customize_service.py: SyntaxError line 3"
        return self.summary(model) | more
