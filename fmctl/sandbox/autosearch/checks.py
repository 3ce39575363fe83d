"""Whether a job's search can be run: asked when the job is created."""

from fmctl.sandbox.autosearch.request import read_search
from fmctl.sandbox.training.checks import SEARCH_JOB, Fields, invalid, items, mapping
from fmctl.sandbox.wire import unsupported


def check_search(kind: str, algorithm: Fields) -> None:
    """A search may be in any job, and must be in one of its own kind."""
    auto_search = mapping(algorithm, "policies").get("auto_search")
    if algorithm.get("autosearch_config_path") or algorithm.get("autosearch_framework_path"):
        raise unsupported("the sandbox searches as algorithm.policies.auto_search says, not as a configuration in OBS.")
    if not auto_search:
        if kind == SEARCH_JOB:
            raise invalid(f"a job of kind {SEARCH_JOB} needs algorithm.policies.auto_search.")
        return
    try:
        read_search(auto_search, items(algorithm, "parameters"))
    except ValueError as error:
        raise invalid(f"algorithm.policies.auto_search: {error}") from error
