"""What the sandbox consists of: the routes of each file in `api/`, and the components that live behind them."""

from collections.abc import Callable, Sequence

from fmctl.sandbox.account import Account, Component
from fmctl.sandbox.api import (
    absent,
    algorithms,
    authorizations,
    autosearch_analysis,
    autosearch_catalog,
    autosearch_trials,
    experiments,
    iam,
    iam_account,
    inference,
    intranet_connections,
    model_engines,
    models,
    pools,
    service_catalog,
    service_history,
    service_tags,
    services,
    services_v2,
    services_v2_catalog,
    services_v2_deployments,
    services_v2_hpa,
    services_v2_hra,
    services_v2_inference,
    services_v2_instances,
    services_v2_keys,
    services_v2_tags,
    services_v2_versions,
    services_v2_whole,
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
from fmctl.sandbox.services_v2.connections import Connections
from fmctl.sandbox.services_v2.supervision import ServicesV2
from fmctl.sandbox.serving.deployments import Serving
from fmctl.sandbox.training.jobs import Training
from fmctl.sandbox.wire import Route
from fmctl.sandbox.workspaces import Workspaces

ROUTES: Sequence[Route] = (
    *iam.ROUTES,
    *iam_account.ROUTES,
    *absent.ROUTES,
    *algorithms.ROUTES,
    *authorizations.ROUTES,
    *autosearch_analysis.ROUTES,
    *autosearch_catalog.ROUTES,
    *autosearch_trials.ROUTES,
    *experiments.ROUTES,
    *model_engines.ROUTES,
    *models.ROUTES,
    *pools.ROUTES,
    *service_catalog.ROUTES,
    *services.ROUTES,
    *service_history.ROUTES,
    *service_tags.ROUTES,
    *inference.ROUTES,
    *services_v2.ROUTES,
    *services_v2_deployments.ROUTES,
    *services_v2_versions.ROUTES,
    *services_v2_whole.ROUTES,
    *services_v2_instances.ROUTES,
    *services_v2_hpa.ROUTES,
    *services_v2_hra.ROUTES,
    *services_v2_tags.ROUTES,
    *services_v2_keys.ROUTES,
    *services_v2_catalog.ROUTES,
    *services_v2_inference.ROUTES,
    *intranet_connections.ROUTES,
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

COMPONENTS: Sequence[Callable[[Account], Component]] = (
    Workspaces,
    Training,
    Publishing,
    Serving,
    ServicesV2,
    Connections,
)
