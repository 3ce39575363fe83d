"""XgSklServingBaseService: Scikit_Learn and XGBoost models, which are one file."""

from __future__ import annotations

from .model_service import SingleNodeService


class XgSklServingBaseService(SingleNodeService):
    """`model_path` is the model's file. Scripts may also define `__init__(self, model_path)`."""
