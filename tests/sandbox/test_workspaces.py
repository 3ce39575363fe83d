"""Workspaces: made, changed and removed, and what is in them."""

from typing import Any

import httpx
import pytest

from fmctl.sandbox import Sandbox, VirtualClock
from fmctl.sandbox.server import Server

from .jobs import CODE, ENGINE, Jobs, code, job, upload_code
from .sdk_world import sdk_client


class Spaces:
    """The workspace API."""

    def __init__(self, client: httpx.Client, sandbox: Sandbox) -> None:
        self._client = client
        self._base = f"/v1/{sandbox.credentials.project_id}/workspaces"

    def ask(self, method: str, path: str = "", body: Any = None, **query: Any) -> httpx.Response:
        return self._client.request(method, self._base + path, json=body, params=query)

    def make(self, name: str, **fields: Any) -> str:
        return str(self.ask("POST", "", {"name": name, **fields}).json()["id"])

    def names(self, **query: Any) -> list[str]:
        return [workspace["name"] for workspace in self.ask("GET", **query).json()["workspaces"]]


@pytest.fixture
def spaces(sandbox: Sandbox, api: httpx.Client) -> Spaces:
    return Spaces(api, sandbox)


@pytest.fixture
def jobs(sandbox: Sandbox, api: httpx.Client) -> Jobs:
    upload_code(sandbox)
    return Jobs(api, sandbox.credentials.project_id)


def test_a_workspace_is_made_changed_and_removed(spaces: Spaces, clock: VirtualClock) -> None:
    """Every call is answered with 200; a deleted workspace is DELETING for a moment and then a 400."""
    made = spaces.ask("POST", "", {"name": "team-a", "auth_type": "internal", "grants": [{"user_name": "u"}]}).json()
    path = f"/{made['id']}"
    changed = spaces.ask("PUT", path, {"description": "better", "enterprise_project_id": "other"}).json()
    shown = spaces.ask("GET", path).json()
    removed = spaces.ask("DELETE", path)
    leaving = spaces.ask("GET", path).json()["status"]
    again = code(spaces.ask("DELETE", path))
    clock.advance(3)
    gone = code(spaces.ask("GET", path))

    assert (32, "NORMAL", "INTERNAL", "0") == (
        len(made["id"]),
        made["status"],
        made["auth_type"],
        shown["enterprise_project_id"],
    )
    assert ({"workspace_id": made["id"]}, "better") == (changed, shown["description"])
    assert (200, {"workspace_id": made["id"]}, "DELETING") == (removed.status_code, removed.json(), leaving)
    assert ((400, "7004"), (400, "7005")) == (again, gone)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "abc"},
        {"name": "x" * 65},
        {"name": "default"},
        {"name": "no spaces"},
        {"name": 5},
        {"name": "taken"},
        {"name": "good", "auth_type": "SECRET"},
        {"name": "good", "description": "x" * 257},
        {"name": "good", "grants": "all"},
        {"name": "good", "grants": [{"user_type": "IAM"}]},
        {"name": "good", "grants": [{"user_id": "u", "user_type": "ROBOT"}]},
        {"name": "good", "enterprise_project_id": 0},
    ],
)
def test_what_is_wrong_is_refused(spaces: Spaces, body: dict[str, Any]) -> None:
    """Names of 4 to 64 signs that are free, three kinds, short descriptions; nothing is made of the rest."""
    spaces.make("taken")

    assert (400, "0104") == code(spaces.ask("POST", "", body))
    assert ["taken", "default"] == spaces.names()


def test_the_default_workspace_is_for_ever(spaces: Spaces) -> None:
    """It can be read under the id 0, and not changed."""
    assert "default" == spaces.ask("GET", "/0").json()["name"]
    assert [(400, "3566")] * 2 == [code(spaces.ask(method, "/0", {"description": "x"})) for method in ("PUT", "DELETE")]


def test_workspaces_are_listed(spaces: Spaces) -> None:
    """By part of the name, in the order that is asked for, page by page; the count is that of the page."""
    for name in ("alpha", "beta", "gamma"):
        spaces.make(name)
    page = spaces.ask("GET", limit=3, offset=1, order="asc").json()

    assert ["gamma", "default", "beta", "alpha"] == spaces.names()
    assert (4, 1, ["gamma"]) == (page["total_count"], page["count"], [one["name"] for one in page["workspaces"]])
    assert ["gamma", "beta", "alpha"] == spaces.names(name="a")[:1] + spaces.names(name="et") + spaces.names(name="lph")
    assert (400, "2764") == code(spaces.ask("GET", sort_by="colour"))


def test_jobs_are_searched_in_one_workspace(spaces: Spaces, jobs: Jobs) -> None:
    """A search without a workspace looks into the default one; names are taken in all of them."""
    there = spaces.make("team")
    jobs.start("here")
    jobs.start("there", metadata__workspace_id=there)
    found = jobs.search(workspace_id=there)

    assert (["here"], ["here"], ["there"]) == (
        jobs.names(),
        jobs.names(workspace_id="0"),
        [item["metadata"]["name"] for item in found["items"]],
    )
    assert (there, 2, 1) == (found["items"][0]["metadata"]["workspace_id"], found["total"], found["count"])
    assert (400, "2751") == code(jobs.create(job("here", metadata__workspace_id=there)))


def test_a_workspace_must_be_there(spaces: Spaces, jobs: Jobs, clock: VirtualClock) -> None:
    """Nothing is made in a workspace that does not exist, or that is on its way out."""
    leaving = spaces.make("team")
    spaces.ask("DELETE", f"/{leaving}")
    bodies = {"algorithms": {"job_config": {"code_dir": CODE, "boot_file": CODE + "train.py", "engine": ENGINE}}}
    bodies |= {"training-experiments": {}, "training-jobs": job()}
    for path, body in bodies.items():
        for workspace, expected in ((leaving, "7004"), ("f" * 32, "0102")):
            sent = body | {"metadata": {"name": "n1", "workspace_id": workspace}}

            assert (400, expected) == code(jobs.request("POST", path, sent)), path


def test_lists_can_be_of_one_workspace(spaces: Spaces, jobs: Jobs, clock: VirtualClock) -> None:
    """Algorithms and experiments are listed all together, or those of one workspace."""
    there = spaces.make("team")
    config = {"code_dir": CODE, "boot_file": CODE + "train.py", "engine": ENGINE}
    for name, workspace in (("a", "0"), ("b", there)):
        metadata = {"name": name, "workspace_id": workspace}
        jobs.request("POST", "algorithms", {"metadata": metadata, "job_config": config})
        jobs.request("POST", "training-experiments", {"metadata": metadata})
        clock.advance(1)
    for path in ("algorithms", "training-experiments"):
        pages = [jobs.request("GET", path + query).json() for query in ("", f"?workspace_id={there}")]

        assert [["b", "a"], ["b"]] == [[item["metadata"]["name"] for item in page["items"]] for page in pages]
        assert [(2, 2), (2, 1)] == [(page["total"], page["count"]) for page in pages]


def test_an_experiment_made_by_a_job_is_in_its_workspace(spaces: Spaces, jobs: Jobs) -> None:
    """A job that names a new experiment makes it where it is itself."""
    there = spaces.make("team")
    metadata = {"name": "j1", "workspace_id": there, "training_experiment_reference": {"name": "sweep"}}
    jobs.create(job() | {"metadata": metadata})
    (made,) = jobs.request("GET", f"training-experiments?workspace_id={there}").json()["items"]

    assert ("sweep", there) == (made["metadata"]["name"], made["metadata"]["workspace_id"])


def test_jobs_of_two_workspaces_are_not_deleted_together(spaces: Spaces, jobs: Jobs) -> None:
    """A batch is of one workspace; nothing of another batch is deleted."""
    there = spaces.make("team")
    ids = [jobs.start("here"), jobs.start("there", metadata__workspace_id=there)]
    batch = {"jobs": [{"kind": "job", "metadata": {"id": job_id}} for job_id in ids]}

    assert (400, "2788") == code(jobs.request("POST", "training-jobs/batch-delete", batch))
    assert ["Creating", "Creating"] == [jobs.phase(job_id) for job_id in ids]


RESOURCE = "exemlProject.gpu_duration"


def test_a_quota_is_kept(server: Server) -> None:
    """Without a limit at first; one that was set is there with the time when it was, and nothing is used of it."""
    from huaweicloudsdkmodelarts.v1 import model

    sdk = sdk_client(server.info)
    made = sdk.create_workspace(model.CreateWorkspaceRequest(body={"name": "team-a"}))
    ask = model.ShowWorkspaceQuotasRequest(workspace_id=made.id)
    before = sdk.show_workspace_quotas(ask).quotas[0]
    body = {"quotas": [{"resource": RESOURCE, "quota": 10}]}
    update = model.UpdateWorkspaceQuotasRequest(workspace_id=made.id, body=body)
    changed = sdk.update_workspace_quotas(update).quotas[0]
    after = sdk.show_workspace_quotas(ask).quotas[0]

    assert (RESOURCE, -1, None, made.create_time) == (
        before.resource,
        before.quota,
        before.used_quota,
        before.update_time,
    )
    assert (10, 10, 0, "minute") == (changed.quota, after.quota, after.used_quota, after.unit_en)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"resource": RESOURCE, "quota": 60001}, "0104"),
        ({"resource": RESOURCE, "quota": -2}, "0104"),
        ({"resource": RESOURCE, "quota": 0}, "0104"),
        ({"resource": RESOURCE}, "0104"),
        ({"resource": "unknown", "quota": 1}, "0104"),
        ({"resource": RESOURCE, "quota": "1"}, "2825"),
    ],
)
def test_a_quota_has_limits(spaces: Spaces, sent: dict[str, Any], expected: str) -> None:
    """What is beyond them, or no quota, is refused, and all that was sent with it."""
    path = f"/{spaces.make('team-a')}/quotas"
    refused = spaces.ask("PUT", path, {"quotas": [{"resource": RESOURCE, "quota": 5}, sent]})

    assert (400, expected) == code(refused)
    assert -1 == spaces.ask("GET", path).json()["quotas"][0]["quota"]


def test_the_default_workspace_has_the_quotas_it_has(spaces: Spaces) -> None:
    """They can be read and not changed; those of an unknown workspace neither."""
    body = {"quotas": [{"resource": RESOURCE, "quota": 5}]}
    tried = [code(spaces.ask("PUT", path, body)) for path in ("/0/quotas", "/none/quotas")]

    assert 200 == spaces.ask("GET", "/0/quotas").status_code
    assert [(400, "3566"), (400, "7005")] == tried


def test_the_one_user_may_do_everything(server: Server) -> None:
    """Each action that is asked about is allowed; who asks about none, or elsewhere, is refused."""
    from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
    from huaweicloudsdkmodelarts.v1 import model

    sdk = sdk_client(server.info)
    asked = [{"action_id": "1", "action": "modelarts:trainJob:create", "resource": "*"}]

    def ask(workspace_id: str, requests: Any) -> Any:
        request = model.ValidateAuthorizationRequest(workspace_id=workspace_id, body={"requests": requests})
        return sdk.validate_authorization(request).results

    (answer,) = ask("0", asked)

    assert ("1", "allow", []) == (answer.action_id, answer.verdict, answer.cause)
    for workspace_id, requests, expected in (("0", [], "0104"), ("none", asked, "7005")):
        with pytest.raises(ClientRequestException) as caught:
            ask(workspace_id, requests)

        assert f"ModelArts.{expected}" == caught.value.error_code
