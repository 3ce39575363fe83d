"""What the sandbox consists of: the routes of each file in `api/`, and the components that live behind them."""

from collections.abc import Callable, Sequence

from fmctl.sandbox.account import Account, Component
from fmctl.sandbox.api import (
    absent,
    algorithms,
    authorizations,
    experiments,
    iam,
    inference,
    model_engines,
    models,
    pools,
    service_catalog,
    service_history,
    service_tags,
    services,
    training_absent,
    training_catalog,
    training_events,
    training_jobs,
    training_logs,
    training_progress,
    training_quotas,
    training_tags,
    workspaces,
)
from fmctl.sandbox.models.publishing import Publishing
from fmctl.sandbox.serving.deployments import Serving
from fmctl.sandbox.training.jobs import Training
from fmctl.sandbox.wire import Route
from fmctl.sandbox.workspaces import Workspaces

ROUTES: Sequence[Route] = (
    *iam.ROUTES,
    *absent.ROUTES,
    *algorithms.ROUTES,
    *authorizations.ROUTES,
    *experiments.ROUTES,
    *model_engines.ROUTES,
    *models.ROUTES,
    *pools.ROUTES,
    *service_catalog.ROUTES,
    *services.ROUTES,
    *service_history.ROUTES,
    *service_tags.ROUTES,
    *inference.ROUTES,
    *training_absent.ROUTES,
    *training_catalog.ROUTES,
    *training_events.ROUTES,
    *training_jobs.ROUTES,
    *training_logs.ROUTES,
    *training_progress.ROUTES,
    *training_quotas.ROUTES,
    *training_tags.ROUTES,
    *workspaces.ROUTES,
)

COMPONENTS: Sequence[Callable[[Account], Component]] = (Workspaces, Training, Publishing, Serving)
