"""What the sandbox consists of: the routes of each file in `api/`, and the components that live behind them."""

from collections.abc import Callable, Sequence

from fmctl.sandbox.account import Account, Component
from fmctl.sandbox.api import (
    algorithms,
    experiments,
    iam,
    inference,
    model_engines,
    models,
    service_catalog,
    service_history,
    service_tags,
    services,
    training_catalog,
    training_jobs,
    training_logs,
    training_tags,
)
from fmctl.sandbox.models.publishing import Publishing
from fmctl.sandbox.serving.deployments import Serving
from fmctl.sandbox.training.jobs import Training
from fmctl.sandbox.wire import Route

ROUTES: Sequence[Route] = (
    *iam.ROUTES,
    *algorithms.ROUTES,
    *experiments.ROUTES,
    *model_engines.ROUTES,
    *models.ROUTES,
    *service_catalog.ROUTES,
    *services.ROUTES,
    *service_history.ROUTES,
    *service_tags.ROUTES,
    *inference.ROUTES,
    *training_catalog.ROUTES,
    *training_jobs.ROUTES,
    *training_logs.ROUTES,
    *training_tags.ROUTES,
)

COMPONENTS: Sequence[Callable[[Account], Component]] = (Training, Publishing, Serving)
