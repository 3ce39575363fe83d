"""TfServingBaseService: TensorFlow models, whose folder is a SavedModel."""

from __future__ import annotations

from typing import Any

from .model_service import SingleNodeService


class TfServingBaseService(SingleNodeService):
    """`model_path` is the `model/` folder.

    The platform's default `_inference` asks a TensorFlow Serving process. There is none on this machine, so a model
    has to bring its own `_inference`; the error says so instead of pretending.
    """

    def _inference(self, data: Any) -> Any:
        msg = f"no TensorFlow Serving here: {type(self).__name__} must define _inference"
        raise NotImplementedError(msg)
