"""Stored algorithms, and jobs that are made from them."""

from typing import Any

import httpx
import pytest

from fmctl.sandbox import Sandbox

from .jobs import CODE, ENGINE, Jobs, code, upload_code


@pytest.fixture
def jobs(sandbox: Sandbox, api: httpx.Client) -> Jobs:
    upload_code(sandbox)
    return Jobs(api, sandbox.credentials.project_id)


def algorithm(name: str = "a1", **config: Any) -> dict[str, Any]:
    base = {
        "code_dir": CODE,
        "boot_file": CODE + "train.py",
        "engine": dict(ENGINE),
        "inputs": [{"name": "data_url", "description": "what to learn from"}],
        "outputs": [{"name": "train_url"}],
        "parameters": [{"name": "lr", "value": "0.1"}],
        "parameters_customization": False,
    }
    return {"metadata": {"name": name, "description": ""}, "job_config": base | config}


def made_from(algorithm_id: str, **fields: Any) -> dict[str, Any]:
    resource = {"flavor_id": "modelarts.vm.cpu.2u", "node_count": 1}
    body = {"kind": "job", "metadata": {"name": "j1"}, "algorithm": {"id": algorithm_id, **fields}}
    return body | {"spec": {"resource": resource}}


def channel(name: str) -> dict[str, Any]:
    return {"name": name, "remote": {"obs": {"obs_url": f"/fmctl-demo/{name}/"}}}


def test_an_algorithm_is_kept_replaced_and_removed(jobs: Jobs) -> None:
    """Create and replace answer 201, delete 202, and then it is a 400."""
    made = jobs.request("POST", "algorithms", algorithm())
    path = f"algorithms/{made.json()['metadata']['id']}"
    body = algorithm()
    body["metadata"]["description"] = "better"
    replaced = jobs.request("PUT", path, body)
    shown = jobs.request("GET", path).json()
    removed = jobs.request("DELETE", path)

    assert [201, 201, 202] == [reply.status_code for reply in (made, replaced, removed)]
    assert ("better", made.json()["metadata"]["create_time"]) == (
        shown["metadata"]["description"],
        shown["metadata"]["create_time"],
    )
    assert ("null", (400, "2755")) == (removed.text, code(jobs.request("GET", path)))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (algorithm("taken"), "2821"),
        (algorithm("no spaces"), "2788"),
        (algorithm(code_dir="/fmctl-demo/none/"), "2757"),
        (algorithm(engine={"engine_name": "PyTorch", "engine_version": "0"}), "2780"),
        (algorithm(inputs=[{}]), "2753"),
        ({}, "2788"),
    ],
)
def test_what_is_wrong_has_its_code(jobs: Jobs, body: dict[str, Any], expected: str) -> None:
    """The same rules as for jobs, and a name of its own."""
    jobs.request("POST", "algorithms", algorithm("taken"))

    assert (400, expected) == code(jobs.request("POST", "algorithms", body))


def test_the_code_is_shown_as_a_tree(sandbox: Sandbox, jobs: Jobs) -> None:
    """Folders with what is in them, files by name."""
    for key in ("tree/train.py", "tree/net/a.py", "tree/net/deep/b.py"):
        sandbox.objects.put("fmctl-demo", key, b"")
    config = {"code_dir": "/fmctl-demo/tree", "boot_file": "/fmctl-demo/tree/train.py"}
    made = jobs.request("POST", "algorithms", algorithm(**config)).json()
    deep = {"name": "deep/", "children": [{"name": "b.py"}]}
    net = {"name": "net/", "children": [{"name": "a.py"}, deep]}

    assert {"name": "tree/", "children": [net, {"name": "train.py"}]} == made["job_config"]["code_tree"]


def test_the_name_cannot_change(jobs: Jobs) -> None:
    """A replacement under another name is refused."""
    path = f"algorithms/{jobs.request('POST', 'algorithms', algorithm()).json()['metadata']['id']}"

    assert (400, "2771") == code(jobs.request("PUT", path, algorithm("a2")))


def test_algorithms_are_listed(jobs: Jobs) -> None:
    """By part of the name, in order, a page at a time."""
    for name in ("a1", "b1", "a2"):
        jobs.request("POST", "algorithms", algorithm(name))
    queries = ("?order=asc&sort_by=name", "?searches=name:a&sort_by=name&order=asc", "?sort_by=name&limit=1&offset=1")
    found = [jobs.request("GET", f"algorithms{query}").json() for query in queries]

    assert [["a1", "a2", "b1"], ["a1", "a2"], ["a2"]] == [
        [item["metadata"]["name"] for item in page["items"]] for page in found
    ]
    assert (3, 2) == (found[1]["total"], found[1]["count"])
    assert (400, "2764") == code(jobs.request("GET", "algorithms?limit=51"))


def test_a_job_takes_over_the_algorithm(jobs: Jobs) -> None:
    """Code, engine, parameters and descriptions come from the algorithm, values and places from the request."""
    algorithm_id = jobs.request("POST", "algorithms", algorithm()).json()["metadata"]["id"]
    sent = made_from(algorithm_id, parameters=[{"name": "lr", "value": "0.2"}], inputs=[channel("data_url")])
    job = jobs.create(sent).json()["algorithm"]

    assert (algorithm_id, "a1", CODE, CODE + "train.py") == tuple(
        job[k] for k in ("id", "name", "code_dir", "boot_file")
    )
    assert ENGINE.items() <= job["engine"].items()
    assert [("lr", "0.2")] == [(item["name"], item["value"]) for item in job["parameters"]]
    assert [("what to learn from", channel("data_url")["remote"])] == [
        (item["description"], item["remote"]) for item in job["inputs"]
    ]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"boot_file": "/fmctl-demo/code/other.py"}, "2814"),
        ({"parameters": [{"name": "momentum", "value": "1"}]}, "2814"),
        ({"inputs": [channel("other_url")]}, "2753"),
    ],
)
def test_a_job_must_fit_its_algorithm(jobs: Jobs, fields: dict[str, Any], expected: str) -> None:
    """Other code, parameters or channels than the algorithm has are refused."""
    algorithm_id = jobs.request("POST", "algorithms", algorithm()).json()["metadata"]["id"]

    assert (400, expected) == code(jobs.create(made_from(algorithm_id, **fields)))
