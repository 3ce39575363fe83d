"""Courses that a script tells, and time that is moved: what is named is played, all else is real."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from fmctl.sandbox import Sandbox, VirtualClock
from fmctl.sandbox.control import CLOCK, KEY_HEADER, Control
from fmctl.sandbox.script.cases import Script
from fmctl.sandbox.script.reading import BadScript, read, read_file
from fmctl.sandbox.script.stage import components
from fmctl.sandbox.server import Server
from fmctl.sandbox.timelapse import AheadOfTime, Pace, Timelapse, pace

from .conftest import NOW, anonymous, login, running
from .jobs import Jobs, job, upload_code
from .services_v2_world import service, upload_program

DAY = 86400.0
FAR = 4_000_000_000.0


class Play:
    """A sandbox that follows a script, in process, and short names for what the tests do."""

    def __init__(self, folder: Path, script: Any, *, wall: VirtualClock | None = None) -> None:
        self.clock = VirtualClock(NOW)
        made = components(read(json.dumps(script)))
        self.sandbox = Sandbox(
            folder, clock=self.clock, wall=wall or VirtualClock(NOW), jobs_at_once=4, components=made
        )
        self.timelapse = Timelapse(self.sandbox, self.clock)
        self.client = anonymous(self.sandbox)
        self.client.headers["X-Auth-Token"] = self.client.post("/v3/auth/tokens", json=login(self.sandbox)).headers[
            "X-Subject-Token"
        ]
        self.project = self.sandbox.credentials.project_id
        self.jobs = Jobs(self.client, self.project)
        upload_code(self.sandbox)
        upload_program(self.sandbox)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.client.request(method, path.format(self.project), json=body)
        assert answer.status_code < 300, answer.text
        return json.loads(answer.text or "{}")

    def model(self, version: str = "1.0.0", name: str = "digits") -> str:
        """The id of a model whose folder is empty."""
        body = {"model_name": name, "model_version": version, "model_type": "PyTorch"}
        body["source_location"] = "obs://fmctl-demo/nothing/"
        return str(self.ask("POST", "/v1/{}/models", body)["model_id"])

    def status_of_model(self, model_id: str) -> tuple[str, str]:
        found = self.ask("GET", f"/v1/{{}}/models/{model_id}")
        return found["model_status"], found.get("error_msg", "")

    def config(self, model_id: str) -> list[dict[str, Any]]:
        element = {"model_id": model_id, "weight": 100, "specification": "modelarts.vm.cpu.2u", "instance_count": 1}
        return [element]

    def service(self, name: str = "digits") -> str:
        """The id of a service of a published model."""
        model_id = self.model()
        self.timelapse.advance(60)
        body = {"service_name": name, "infer_type": "real-time", "config": self.config(model_id)}
        return str(self.ask("POST", "/v1/{}/services", body)["service_id"])

    def status_of_service(self, service_id: str) -> str:
        return str(self.ask("GET", f"/v1/{{}}/services/{service_id}")["status"])


@contextmanager
def playing(folder: Path, script: Any, **options: Any) -> Iterator[Play]:
    play = Play(folder, script, **options)
    try:
        yield play
    finally:
        play.client.close()
        play.sandbox.close()


# ------------------------------------------------------------------ jobs


def test_a_job_takes_as_long_as_the_script_says(tmp_path: Path) -> None:
    """It waits, runs and ends at its times, says its lines, and none of it takes real time."""
    script = {"jobs": {"long-*": {"pending": 3600, "duration": 2 * DAY, "log": "epoch 1"}}}
    with playing(tmp_path, script) as play:
        job_id, seen = play.jobs.start("long-1"), []
        for hours in (0.5, 1.5, 45, 2.5):
            play.timelapse.advance(hours * 3600)
            seen.append(play.jobs.phase(job_id))
        status = play.jobs.show(job_id)["status"]
        log = play.jobs.request("GET", f"training-jobs/{job_id}/tasks/worker-0/logs/preview").json()["content"]

    assert ["Pending", "Running", "Running", "Completed"] == seen
    assert pytest.approx(2 * DAY, abs=90) == status["duration"] / 1000
    assert "epoch 1\n" == log


def test_a_lost_job_may_come_back(tmp_path: Path) -> None:
    """A job that is lost for a while is Abnormal (Lost), runs again by itself, and ends as late as it was away."""
    script = {"jobs": {"*": {"duration": 7200, "lost_at": 3600, "lost_for": 600, "outcome": 3}}}
    with playing(tmp_path, script) as play:
        job_id, seen = play.jobs.start("j1"), []
        for minutes in (30, 35, 10, 50, 15):
            play.timelapse.advance(minutes * 60)
            status = play.jobs.show(job_id)["status"]
            seen.append((status["phase"], status["secondary_phase"]))
        runs = status["running_records"]

    assert [("Running", "Running"), ("Abnormal", "Lost"), ("Running", "Running")] == seen[:3]
    assert [("Running", "Running"), ("Failed", "Failed")] == seen[3:]
    assert (2, pytest.approx(600, abs=10)) == (len(runs), runs[1]["start_at"] - runs[0]["end_at"])
    assert pytest.approx(7800, abs=30) == status["duration"] / 1000


def test_a_lost_job_that_is_deleted_stays_away(tmp_path: Path) -> None:
    """Nothing comes back that nobody wants."""
    script = {"jobs": {"*": {"duration": 7200, "lost_at": 60, "lost_for": 600}}}
    with playing(tmp_path, script) as play:
        job_id = play.jobs.start("j1")
        play.timelapse.advance(120)
        lost = play.jobs.phase(job_id)
        play.jobs.request("DELETE", f"training-jobs/{job_id}")
        play.timelapse.advance(1200)
        left = play.jobs.names()

    assert ("Abnormal", []) == (lost, left)


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (0, ("Completed", "Completed")),
        (7, ("Failed", "Failed")),
        ("lost", ("Abnormal", "Lost")),
        ("create_failed", ("Abnormal", "CreateFailed")),
    ],
)
def test_a_job_ends_as_the_script_says(tmp_path: Path, outcome: int | str, expected: tuple[str, str]) -> None:
    """An exit code, a loss, or not even a beginning."""
    with playing(tmp_path, {"jobs": {"*": {"outcome": outcome}}}) as play:
        job_id = play.jobs.start()
        play.timelapse.advance(10)
        status = play.jobs.show(job_id)["status"]

    assert expected == (status["phase"], status["secondary_phase"])


def test_cases_in_a_list_are_taken_in_turn(tmp_path: Path) -> None:
    """The first job that fits takes the first case, the last case is for all that follow; others have their own."""
    with playing(tmp_path, {"jobs": {"a-*": [{"outcome": "lost"}, {"outcome": 3}, {}], "*": {"outcome": 9}}}) as play:
        names = ("a-1", "b-1", "a-2", "a-3", "a-4")
        ids = [play.jobs.start(name) for name in names]
        play.timelapse.advance(30)
        phases = [play.jobs.phase(job_id) for job_id in ids]

    assert ["Abnormal", "Failed", "Failed", "Completed", "Completed"] == phases


def test_a_job_that_the_script_does_not_name_really_runs(tmp_path: Path) -> None:
    """Its process writes the log, beside a job that is played."""
    with playing(tmp_path, {"jobs": {"played": {"log": "a play"}}}) as play:
        algorithm = {"engine": {"image_url": "a/b:1"}, "command": "echo real"}
        ids = play.jobs.start("played"), play.jobs.start("run", algorithm=algorithm)
        play.timelapse.advance(5)
        play.sandbox.close()  # waits for what runs
        logs = [path.read_text() for path in (tmp_path / "jobs").rglob("*.log")]

    assert [True] == ["real" in text for text in logs]
    assert not (tmp_path / "jobs" / ids[0]).exists()


# ------------------------------------------------------------------ models


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ({"duration": 600}, ("publishing", "published", "")),
        ({"duration": 600, "outcome": "failed", "message": "too big"}, ("publishing", "failed", "too big")),
        ({"outcome": "building_failed", "message": "no wheel"}, ("building", "building_failed", "no wheel")),
    ],
)
def test_a_model_ends_as_the_script_says(tmp_path: Path, case: dict[str, Any], expected: tuple[str, str, str]) -> None:
    """Whatever its folder holds, which is nothing where the job was played; and not before its time."""
    with playing(tmp_path, {"models": {"digits 1.*": case}}) as play:
        model_id = play.model()
        play.timelapse.advance(0.5)
        before = play.status_of_model(model_id)[0]
        play.timelapse.advance(610)
        after = play.status_of_model(model_id)

    assert expected == (before, *after)


def test_a_model_of_another_version_is_really_imported(tmp_path: Path) -> None:
    """The pattern is for name and version; what it does not fit has to have its files."""
    with playing(tmp_path, {"models": {"digits 1.*": {}}}) as play:
        model_id = play.model("2.0.0")
        play.timelapse.advance(5)
        status, why = play.status_of_model(model_id)

    assert "failed" == status
    assert "no folder model/" in why


# ------------------------------------------------------------------ services

ANY_MODEL: dict[str, Any] = {"models": {"*": {}}}


def test_a_service_starts_and_answers_as_the_script_says(tmp_path: Path) -> None:
    """Not before its time, and then with the answers of the script."""
    script = {**ANY_MODEL, "services": {"dig*": {"start": 120, "answers": {"predictions": [7]}}}}
    with playing(tmp_path, script) as play:
        service_id = play.service()
        play.timelapse.advance(100)
        before = play.status_of_service(service_id)
        play.timelapse.advance(30)
        after, answer = play.status_of_service(service_id), play.ask("POST", f"/v1/infers/{service_id}", {"x": 1})

    assert ("deploying", "running", {"predictions": [7]}) == (before, after, answer)


@pytest.mark.parametrize(
    ("case", "first", "later"),
    [
        ({"outcome": "failed"}, "failed", "failed"),
        ({"outcome": "concerning"}, "concerning", "concerning"),
        ({"crash_after": 3600}, "running", "concerning"),
    ],
)
def test_a_service_does_as_the_script_says(tmp_path: Path, case: dict[str, Any], first: str, later: str) -> None:
    """It fails, is never quite well, or crashes after a while."""
    with playing(tmp_path, {**ANY_MODEL, "services": {"*": case}}) as play:
        service_id = play.service()
        play.timelapse.advance(30)
        soon = play.status_of_service(service_id)
        play.timelapse.advance(3570.5)
        late = play.status_of_service(service_id)

    assert (first, later) == (soon, late)


def test_a_service_that_has_crashed_comes_back(tmp_path: Path) -> None:
    """The platform starts a new instance, as it does for a process that has ended."""
    with playing(tmp_path, {**ANY_MODEL, "services": {"*": {"crash_after": 3600}}}) as play:
        service_id = play.service()
        play.timelapse.advance(3600 + 60)

        assert "running" == play.status_of_service(service_id)


def test_an_update_is_rolled_back(tmp_path: Path) -> None:
    """Each model of a service takes the next case: the second one fails, and the first goes on answering."""
    cases = [{"answers": "old"}, {"outcome": "failed", "message": "no CUDA"}]
    with playing(tmp_path, {**ANY_MODEL, "services": {"*": cases}}) as play:
        service_id, second = play.service(), play.model("2.0.0")
        play.timelapse.advance(60)
        play.ask("PUT", f"/v1/{{}}/services/{service_id}", {"config": play.config(second)})
        play.timelapse.advance(60)
        status, answer = play.status_of_service(service_id), play.ask("POST", f"/v1/infers/{service_id}", {})
        events = [event["event_info"] for event in play.ask("GET", f"/v1/{{}}/services/{service_id}/events")["events"]]

    assert ("running", "old") == (status, answer)
    assert "The deployment failed: no CUDA" in events


def test_services_of_the_second_generation_are_played_too(tmp_path: Path) -> None:
    """The pattern is for their name, whatever the generation."""
    with playing(tmp_path, {"services": {"*": {"start": 600}}}) as play:
        service_id = play.ask("POST", "/v2/{}/services", service())["id"]
        seen = []
        for seconds in (500, 200):
            play.timelapse.advance(seconds)
            seen.append(play.ask("GET", f"/v2/{{}}/services/{service_id}")["status"])

    assert ["DEPLOYING", "RUNNING"] == seen


# ------------------------------------------------------------------ reading


@pytest.mark.parametrize(
    ("script", "mistake"),
    [
        ([], "an object is expected"),
        ({"modles": {}}, "modles: unknown; there are jobs, models, services"),
        ({"jobs": []}, "jobs: an object is expected"),
        ({"jobs": {"a": []}}, "jobs 'a': an empty list says nothing"),
        ({"jobs": {"a": 3}}, "jobs 'a': an object is expected"),
        ({"jobs": {"a": {"durations": 3}}}, "jobs 'a': durations: unknown; there are duration, outcome, log, pending"),
        ({"jobs": {"a": {"duration": -1}}}, "jobs 'a': duration: -1 is not seconds"),
        ({"jobs": {"a": {"duration": True}}}, "jobs 'a': duration: true is not seconds"),
        ({"jobs": {"a": {"pending": float("inf")}}}, "jobs 'a': pending: Infinity is not seconds"),
        ({"jobs": {"a": {"outcome": 256}}}, "jobs 'a': outcome: 256 is not an exit code"),
        ({"jobs": {"a": {"outcome": ["lost"]}}}, "jobs 'a': outcome: "),
        ({"jobs": {"a": {"log": 1}}}, "jobs 'a': log: 1 is not text"),
        ({"models": {"a": {"outcome": "lost"}}}, "models 'a': outcome: \"lost\" is not 'published'"),
        ({"services": {"a": [{}, {"outcome": "fine"}]}}, "services 'a' [1]: outcome: \"fine\" is not 'running'"),
    ],
)
def test_a_wrong_script_is_explained(script: Any, mistake: str) -> None:
    """The mistake is named with its place."""
    with pytest.raises(BadScript) as caught:
        read(json.dumps(script))

    assert str(caught.value).startswith(mistake)


def test_all_mistakes_are_told_at_once() -> None:
    """One line for each."""
    with pytest.raises(BadScript) as caught:
        read('{"jobs": {"a": {"x": 1, "log": 2}}, "models": 3}')

    assert 3 == len(str(caught.value).splitlines())


@pytest.mark.parametrize(("content", "reason"), [(None, "No such file or directory"), (b"\xff", "not UTF-8 text")])
def test_a_script_that_cannot_be_read_is_told_in_words(tmp_path: Path, content: bytes | None, reason: str) -> None:
    """Which file, and why; no number of an error."""
    path = tmp_path / "play.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadScript) as caught:
        read_file(path)

    assert f"{path} cannot be read: {reason}" == str(caught.value)


def test_what_is_no_json_is_no_script() -> None:
    """The error says where the text breaks."""
    with pytest.raises(BadScript, match=r"no JSON: .* line 2"):
        read('{\n"jobs"}')


def test_an_empty_script_is_no_script() -> None:
    """Nothing is named, so all is real."""
    assert Script() == read("{}")


# ------------------------------------------------------------------ time


def test_signatures_links_and_tokens_live_in_the_time_of_their_callers(tmp_path: Path) -> None:
    """A token that was got before a year has passed in the sandbox is good after it, and ends by the wall."""
    wall = VirtualClock(NOW)
    with playing(tmp_path, {}, wall=wall) as play:
        play.timelapse.advance(365 * DAY)
        before = play.client.get("/v3/auth/projects").status_code
        wall.advance(2 * DAY)
        after = play.client.get("/v3/auth/projects").status_code

    assert (200, 401) == (before, after)


def test_time_comes_to_stand_where_it_was_sent(tmp_path: Path) -> None:
    """However many steps it takes, they make up what was asked for."""
    with playing(tmp_path, {"jobs": {"*": {"duration": 1000}}}) as play:
        play.jobs.start()
        moved = play.timelapse.advance(12_345.6)

    assert pytest.approx(NOW + 12_345.6, abs=0.001) == moved == play.clock.now()


def test_time_never_goes_back_in_a_folder(tmp_path: Path) -> None:
    """The next virtual clock of a folder begins where the last one stood; real time, which is behind, is refused."""
    with playing(tmp_path, {}) as play:
        play.timelapse.advance(FAR - NOW)
    resumed = Pace(virtual=True, start=NOW).clock(tmp_path)

    assert resumed is not None
    assert pytest.approx(FAR, abs=0.01) == resumed.now()
    with pytest.raises(AheadOfTime, match="--clock virtual"):
        Pace().clock(tmp_path)


def test_a_pace_is_for_virtual_time() -> None:
    """Options that do nothing are refused; a time without a zone is UTC."""
    with pytest.raises(ValueError, match="--clock virtual"):
        pace(virtual=False, rate=60)
    with pytest.raises(ValueError, match="tomorrow"):
        pace(virtual=True, start="tomorrow")

    assert Pace(virtual=True, rate=60, start=1_767_225_600.0) == pace(virtual=True, rate=60, start="2026-01-01")


# ------------------------------------------------------------------ control


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Play]:
    with playing(tmp_path, {}) as made:
        yield made


def controlled(play: Play, timelapse: Timelapse | None, **options: Any) -> httpx.Client:
    app = Control(play.sandbox.wsgi, play.sandbox.credentials.access_key, timelapse)
    client = httpx.Client(transport=httpx.WSGITransport(app, **options), base_url="http://127.0.0.1")
    client.headers[KEY_HEADER] = play.sandbox.credentials.access_key
    return client


def test_the_clock_is_told_and_moved(play: Play) -> None:
    """The answer to a move is the time after it."""
    with controlled(play, play.timelapse) as client:
        told, moved = client.get(CLOCK).json(), client.post(CLOCK, json={"advance": 3600}).json()

    assert {"now": NOW, "virtual": True} == told
    assert pytest.approx(NOW + 3600) == moved["now"] == play.clock.now()


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b'{"advance": "1h"}', b'{"advance": -1}', b'{"advance": NaN}', b"{"]
)
def test_only_a_number_of_seconds_moves_it(play: Play, body: bytes) -> None:
    """Everything else is refused, and no time passes."""
    with controlled(play, play.timelapse) as client:
        status = client.post(CLOCK, content=body).status_code

    assert (400, NOW) == (status, play.clock.now())


def test_only_this_machine_with_the_key_moves_it(play: Play) -> None:
    """From elsewhere, without the key or with another one nobody is heard."""
    with ExitStack() as clients:
        far, near = (
            clients.enter_context(controlled(play, play.timelapse, remote_addr=address))
            for address in ("192.0.2.1", "127.0.0.1")
        )
        statuses = [far.get(CLOCK).status_code, near.get(CLOCK, headers={KEY_HEADER: "x"}).status_code]
        del near.headers[KEY_HEADER]
        statuses.append(near.post(CLOCK, json={"advance": 1}).status_code)

    assert ([403, 401, 401], NOW) == (statuses, play.clock.now())


def test_real_time_is_not_moved(play: Play) -> None:
    """A sandbox in real time says how to get another one."""
    with controlled(play, None) as client:
        refused, told = client.post(CLOCK, json={"advance": 1}), client.get(CLOCK).json()["virtual"]

    assert (409, False) == (refused.status_code, told)
    assert "--clock virtual" in refused.json()["error_msg"]


def test_the_control_is_in_nobody_s_way(play: Play) -> None:
    """What it does not know it refuses, all other paths lead to the sandbox, and no bucket has its name."""
    with controlled(play, play.timelapse) as client:
        statuses = [client.get("/_sandbox/else").status_code, client.put(CLOCK).status_code]
        statuses += [client.get("/v3/projects").status_code, client.get("/?apiversion").status_code]

    assert [404, 405, 401, 200] == statuses
    with pytest.raises(Exception, match="not valid"):
        play.sandbox.objects.create_bucket("_sandbox")


def test_a_server_runs_ahead_by_its_rate(tmp_path: Path) -> None:
    """With a rate a day passes while a client asks a few times, and its signature of today is good all the while."""
    script = read(json.dumps({"jobs": {"*": {"duration": DAY}}}))
    server = Server(tmp_path, pace=Pace(virtual=True, rate=40 * DAY, start=NOW), script=script)
    with running(server), httpx.Client(base_url=server.info["endpoint"], timeout=30) as client:
        upload_code(server.sandbox)
        token = client.post("/v3/auth/tokens", json=login(server.sandbox)).headers["X-Subject-Token"]
        client.headers["X-Auth-Token"] = token
        jobs = Jobs(client, server.info["project_id"])
        job_id = jobs.create(job()).json()["metadata"]["id"]
        while jobs.phase(job_id) != "Completed":
            """Asking takes time."""
        duration = jobs.show(job_id)["status"]["duration"] / 1000

    assert DAY <= duration < 2 * DAY
