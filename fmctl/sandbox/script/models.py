"""Imports of models that take as long and end as the script says; every other model is imported as always."""

from __future__ import annotations

from fmctl.sandbox.account import Account
from fmctl.sandbox.models import config as model_config
from fmctl.sandbox.models.config import ConfigError
from fmctl.sandbox.models.publishing import Document, Publishing, described
from fmctl.sandbox.objects import ObsError
from fmctl.sandbox.script.cases import Casting, ModelCase, ModelOutcome

BARE = {"apis": [{"url": "/", "method": "post", "protocol": "http"}]}
"""What is known of a model in whose folder there is nothing to read, such as the output of a scripted job."""


class CastPublishing(Publishing):
    """A scripted model is published whatever its folder holds; what can be read there is read."""

    def __init__(self, sandbox: Account, casting: Casting[ModelCase]) -> None:
        super().__init__(sandbox)
        self._casting = casting

    def _advance(self, document: Document, now: float) -> None:
        case = self._case(document["model"])
        if case is None:
            super()._advance(document, now)
        elif document["model"]["model_status"] == "building":
            self._play_build(document, case, now)
        elif now - document["since"] >= case.duration:
            self._read(document, case, now)

    def _read(self, document: Document, case: ModelCase, now: float) -> None:
        if case.outcome is ModelOutcome.FAILED:
            self._fail(document, now, case.message or "The script fails this model.")
        else:
            super()._advance(document, now)

    def _play_build(self, document: Document, case: ModelCase, now: float) -> None:
        if case.outcome is ModelOutcome.BUILDING_FAILED:
            self._fail(document, now, case.message or "The script fails the building of this model.", case.outcome)
        else:
            super()._advance(document, now)

    def _needs_image(self, model: Document) -> bool:
        case = self._case(model)
        return super()._needs_image(model) or (case is not None and case.outcome is ModelOutcome.BUILDING_FAILED)

    def _import(self, document: Document) -> Document:
        try:
            return super()._import(document)
        except (ConfigError, ObsError):
            if self._case(document["model"]) is None:
                raise
        return described(BARE, model_config.check(BARE, is_image=False), document) | {"model_size": 0}

    def _case(self, model: Document) -> ModelCase | None:
        return self._casting.case(model["model_id"], f"{model['model_name']} {model['model_version']}")
