"""What the trials of a search say about its parameters.

GET /v2/{project_id}/training-jobs/{id}/autosearch-parameter-analysis[/{parameter_name}]
"""

from collections.abc import Sequence

from fmctl.sandbox.api.autosearch_trials import find_search, find_trials
from fmctl.sandbox.api.training_jobs import JOB
from fmctl.sandbox.autosearch.analysis import FEWEST, importance
from fmctl.sandbox.autosearch.chart import chart
from fmctl.sandbox.training import checks
from fmctl.sandbox.wire import Call, Reply, Route, route

ANALYSIS = JOB + "/autosearch-parameter-analysis"
BUCKET = "fmctl-sandbox"
HEADER = ["parameters", "the mean/std of importance"]


@route("GET", ANALYSIS)
def show_auto_search_params_analysis(call: Call) -> Reply:
    """How much each parameter mattered, as mean and standard deviation; no rows before there are enough trials."""
    search = find_search(call)
    found = importance(search.parameters, find_trials(call), search.rewards[0].name)
    return Reply(200, {"header": HEADER, "data": [[name, f"{a:.4f}/{b:.4f}"] for name, (a, b) in found.items()]})


@route("GET", ANALYSIS + "/{parameter_name}")
def show_auto_search_param_analysis_result_path(call: Call) -> Reply:
    """Where a picture of a parameter and the reward is, drawn when asked for; 204 before there are enough trials."""
    search, name = find_search(call), call.path["parameter_name"]
    if name not in {parameter.name for parameter in search.parameters}:
        raise checks.invalid(f"the job does not search {name}.")
    reward = search.rewards[0].name
    told = [(one.config[name], value) for one in find_trials(call) if (value := one.last(reward)) is not None]
    if len(told) < FEWEST:
        return Reply(204)
    picture = chart(name, reward, [value for value, _ in told], [result for _, result in told])
    key = f"hyperparameter-analysis/{call.path['training_job_id']}/{name}.svg"
    with call.sandbox.store.background():
        call.sandbox.objects.put(BUCKET, key, picture.encode())
    return Reply(200, {"file_path": f"/{BUCKET}/{key}"})


ROUTES: Sequence[Route] = (show_auto_search_params_analysis, show_auto_search_param_analysis_result_path)
