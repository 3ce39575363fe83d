"""Training experiments, and the jobs in them."""

import httpx
import pytest

from fmctl.sandbox import Sandbox

from .jobs import Jobs, code, job, upload_code


@pytest.fixture
def jobs(sandbox: Sandbox, api: httpx.Client) -> Jobs:
    upload_code(sandbox)
    return Jobs(api, sandbox.credentials.project_id)


def make(jobs: Jobs, name: str) -> httpx.Response:
    return jobs.request("POST", "training-experiments", {"metadata": {"name": name}})


def test_an_experiment_lives(jobs: Jobs) -> None:
    """It is made under metadata, changed with a flat body, listed and removed."""
    made = make(jobs, "first try")
    path = f"training-experiments/{made.json()['metadata']['id']}"
    changed = jobs.request("PUT", path, {"description": "new"})
    shown, listed = jobs.request("GET", path).json(), jobs.request("GET", "training-experiments").json()
    removed = jobs.request("DELETE", path)

    assert [201, 200, 202] == [reply.status_code for reply in (made, changed, removed)]
    assert {"name": "first try", "description": "new"} == changed.json()
    assert ("new", ["first try"]) == (
        shown["metadata"]["description"],
        [item["metadata"]["name"] for item in listed["items"]],
    )
    assert (400, "2842") == code(jobs.request("GET", path))


def test_names_are_unique(jobs: Jobs) -> None:
    """A second experiment, or a renamed one, cannot take a name that is there."""
    make(jobs, "one")
    path = f"training-experiments/{make(jobs, 'two').json()['metadata']['id']}"
    check = [jobs.request("GET", f"training-experiment-names?experiment_name={name}").json() for name in ("one", "six")]

    assert [(400, "2841"), (400, "2841")] == [code(make(jobs, "one")), code(jobs.request("PUT", path, {"name": "one"}))]
    assert [True, False] == [found["is_duplicate"] for found in check]


@pytest.mark.parametrize("name", ["", "x" * 65, "a<b"])
def test_bad_names_are_refused(jobs: Jobs, name: str) -> None:
    """A name is short and has no special characters."""
    assert (400, "2788") == code(make(jobs, name))


def test_jobs_join_by_id_or_by_a_new_name(jobs: Jobs) -> None:
    """A job's reference comes back complete and numbered, and the experiment counts its jobs."""
    first = jobs.create(job("j1", metadata__training_experiment_reference={"name": "sweep"})).json()
    reference = first["metadata"]["training_experiment_reference"]
    second = jobs.create(job("j2", metadata__training_experiment_reference={"id": reference["id"]})).json()
    other = jobs.create(job("j3", metadata__training_experiment_reference={"id": "none"}))
    jobs.start("j4")
    mine = [{"key": "training_experiment_id", "operator": "in", "value": [reference["id"]]}]
    experiment = jobs.request("GET", f"training-experiments/{reference['id']}").json()

    assert ("sweep", "0") == (reference["name"], reference["serial_number"])
    assert reference | {"serial_number": "1"} == second["metadata"]["training_experiment_reference"]
    assert (400, "2842") == code(other)
    assert (2, ["j1", "j2"]) == (experiment["statistic"]["job_count"], jobs.names(filters=mine, order="asc"))


def test_an_experiment_is_of_one_kind(jobs: Jobs) -> None:
    """The kind of its first job; after that no job of another kind can join."""
    searched = {
        "reward_attrs": [{"name": "loss", "mode": "min", "regex": "loss=(.*)"}],
        "search_params": [{"name": "n", "param_type": "discrete", "discrete_values": ["1"]}],
        "algo_configs": [{"name": "random_search", "params": []}],
    }
    first = jobs.create(job("j1", metadata__training_experiment_reference={"name": "plain"})).json()
    joining = {
        "metadata__training_experiment_reference": {"id": first["metadata"]["training_experiment_reference"]["id"]}
    }
    searching = {"kind": "autosearch_job", "algorithm__policies": {"auto_search": searched}}

    assert (400, "2846") == code(jobs.create(job("j2", **joining, **searching)))
    assert 201 == jobs.create(job("j3", **joining)).status_code
    assert 201 == jobs.create(job("j4", **searching)).status_code
