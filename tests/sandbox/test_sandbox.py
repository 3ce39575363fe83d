"""The sandbox as a whole: its components, its doors, what it keeps."""

from email.utils import formatdate
from pathlib import Path

import httpx
import pytest

from fmctl.sandbox import Sandbox, VirtualClock
from fmctl.sandbox.obs_signature import ObsRequest, sign_v2

from .conftest import anonymous


class Diary:
    """A component that writes down what it is told."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.lines: list[str] = []
        self._sandbox = sandbox

    def recover(self) -> None:
        self.lines.append("recover")

    def tick(self) -> None:
        self.lines.append("tick")
        self._sandbox.store.put("diary", "1", {})

    def close(self) -> None:
        self.lines.append("close")


def test_components_are_told_what_happens(tmp_path: Path) -> None:
    """Recover comes first, a tick with every request, close last; what they write meanwhile nobody asked for."""
    sandbox = Sandbox(tmp_path, clock=VirtualClock(), components=[Diary])
    diary = sandbox.part(Diary)
    with anonymous(sandbox) as client:
        client.get("/v3/projects")
        client.get("/fmctl-demo")
    written = list(sandbox.store.writes)
    sandbox.close()

    assert ["recover", "tick", "tick", "close"] == diary.lines
    assert [] == written


def test_a_folder_keeps_its_account(tmp_path: Path) -> None:
    """Keys, project and objects are the same after a restart; another folder is another account."""
    first = Sandbox(tmp_path / "a", clock=VirtualClock())
    first.objects.put("fmctl-demo", "k", b"x")
    first.close()
    again, other = Sandbox(tmp_path / "a", clock=VirtualClock()), Sandbox(tmp_path / "b", clock=VirtualClock())
    kept, content = again.credentials, again.objects.get("fmctl-demo", "k")
    stranger = other.credentials
    again.close()
    other.close()

    assert (first.credentials, b"x") == (kept, content)
    assert not {kept.access_key, kept.secret_key, kept.project_id} & {
        stranger.access_key,
        stranger.secret_key,
        stranger.project_id,
    }
    assert 32 == len(kept.project_id)


def test_anybody_may_ask_which_signatures_are_spoken(sandbox: Sandbox) -> None:
    """The question with which OBS clients start needs no key."""
    with anonymous(sandbox) as client:
        response = client.head("/?apiversion")

    assert (200, "3.0") == (response.status_code, response.headers["x-obs-api"])


def test_objects_are_not_for_everybody(sandbox: Sandbox) -> None:
    """Without a signature buckets and objects are closed, in the words of OBS."""
    sandbox.objects.put("fmctl-demo", "k", b"x")
    with anonymous(sandbox) as client:
        responses = [client.get(path) for path in ("/", "/fmctl-demo", "/fmctl-demo/k")]

    assert [403] * 3 == [response.status_code for response in responses]
    assert all("<Code>AccessDenied</Code>" in response.text for response in responses)


@pytest.mark.parametrize(
    ("host", "path"), [("fmctl-demo.localhost", "/dir/a%20b"), ("127.0.0.1", "/fmctl-demo/dir/a%20b")]
)
def test_obs_is_spoken_in_both_styles(sandbox: Sandbox, host: str, path: str) -> None:
    """With the prefix OBS, the bucket in the host or in the path; the answer uses the same headers."""
    owner, bucket = sandbox.credentials, host.removesuffix(".localhost") if "localhost" in host else ""
    decoded = path.replace("%20", " ")
    with httpx.Client(transport=httpx.WSGITransport(sandbox.wsgi), base_url=f"http://{host}") as client:
        for method, content in (("PUT", b"hello"), ("GET", b"")):
            headers = {"date": formatdate(sandbox.clock.now(), usegmt=True), "authorization": "OBS "}
            if method == "PUT":
                headers |= {"x-obs-meta-owner": "alice", "content-type": "text/plain"}
            signature = sign_v2(ObsRequest(method, decoded, [], headers, bucket), owner.secret_key)
            headers["authorization"] = f"OBS {owner.access_key}:{signature}"
            response = client.request(method, path, headers=headers, content=content)

    assert (200, b"hello", "alice") == (response.status_code, response.content, response.headers["x-obs-meta-owner"])
    assert response.headers["x-obs-request-id"]
    assert b"hello" == sandbox.objects.get("fmctl-demo", "dir/a b")
