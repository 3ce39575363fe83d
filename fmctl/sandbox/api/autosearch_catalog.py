"""With what hyper-parameters can be searched.

GET /v2/{project_id}/search-algorithms · …/training-jobs/autosearch/yaml-templates[/{algorithm_type}/{algorithm_name}]
"""

from collections.abc import Sequence

from fmctl.sandbox.api.training_jobs import JOBS
from fmctl.sandbox.autosearch.catalog import ALGORITHMS
from fmctl.sandbox.autosearch.templates import KIND, KIND_ZH, template
from fmctl.sandbox.training import checks
from fmctl.sandbox.wire import Call, Reply, Route, route

TEMPLATES = JOBS + "/autosearch/yaml-templates"


@route("GET", "/v2/{project_id}/search-algorithms")
def show_search_algorithms(call: Call) -> Reply:
    """The algorithms with their parameters and the values that those have by default."""
    found = [algorithm.wire() for algorithm in ALGORITHMS]
    return Reply(200, {"search_algo_count": len(found), "search_algo_list": found})


@route("GET", TEMPLATES)
def show_auto_search_yaml_templates_info(call: Call) -> Reply:
    """One template an algorithm, all of one type."""
    names = sorted(algorithm.template for algorithm in ALGORITHMS)
    known = {"algorithm_type_en": KIND, "algorithm_type_zh": KIND_ZH, "algorithm_names": names}
    return Reply(200, {"yaml_templates": [known]})


@route("GET", TEMPLATES + "/{algorithm_type}/{algorithm_name}")
def show_auto_search_yaml_template_content(call: Call) -> Reply:
    """One of them."""
    kind, name = call.path["algorithm_type"], call.path["algorithm_name"]
    content = template(name) if kind == KIND else None
    if content is None:
        raise checks.invalid(f"there is no template {kind}/{name}.")
    return Reply(200, {"file_name": f"{name}.yaml", "content": content})


ROUTES: Sequence[Route] = (
    show_search_algorithms,
    show_auto_search_yaml_templates_info,
    show_auto_search_yaml_template_content,
)
