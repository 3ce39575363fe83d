"""SingleNodeService: the contract between the platform and a model, whatever its engine."""

from __future__ import annotations

from typing import Any


class SingleNodeService:
    """A model that answers requests: `_preprocess`, then `_inference`, then `_postprocess`.

    `model_name` is the published name. `model_path` is the `model/` folder, or, for the engines whose models are one
    file (PyTorch, Scikit_Learn, XGBoost, Spark_MLlib), the path of that file inside it.
    """

    def __init__(self, model_name: str, model_path: str) -> None:
        self.model_name = model_name
        self.model_path = model_path

    def inference(self, data: Any) -> Any:
        """Answer one request: the parsed JSON body, or `{field: {file name: open file}}` for a form."""
        return self._postprocess(self._inference(self._preprocess(data)))

    def predict(self, data: Any) -> Any:
        """The other name that scripts use for `inference`."""
        return self.inference(data)

    def ping(self) -> Any:
        """Called by health checks; a model that raises here is not healthy."""

    def signature(self) -> Any:
        """What the model takes and gives; none is known here."""

    def _preprocess(self, data: Any) -> Any:
        return data

    def _inference(self, data: Any) -> Any:
        msg = f"{type(self).__name__} does not define _inference"
        raise NotImplementedError(msg)

    def _postprocess(self, data: Any) -> Any:
        return data
