"""PTServingBaseService: PyTorch models, which load their own weights and hold them in `self.model`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .model_service import SingleNodeService


class PTServingBaseService(SingleNodeService):
    """`model_path` is the weights file; the default `_inference` calls `self.model` with each input."""

    def __init__(self, model_name: str, model_path: str) -> None:
        super().__init__(model_name, model_path)
        self.model: Callable[[Any], Any] | None = None

    def _inference(self, data: Any) -> Any:
        if self.model is None:
            msg = f"{type(self).__name__} must set self.model in __init__, or define _inference"
            raise NotImplementedError(msg)
        return {name: self.model(value) for name, value in data.items()}
