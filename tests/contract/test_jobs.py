"""Training jobs, whoever runs them."""

from __future__ import annotations

import pytest

from .jobs import ENDED
from .shape import at, misfits, one_of
from .talk import Talk

PHASES = one_of("Creating", "Pending", "Running", "Terminating", *ENDED)
JOB = {
    "kind": one_of("job"),
    "metadata.id": str,
    "metadata.name": str,
    "metadata.description": str,
    "metadata.create_time": int,
    "metadata.workspace_id": one_of("0"),
    "metadata.user_name": str,
    "metadata.annotations": dict,
    "status.phase": PHASES,
    "status.secondary_phase": str,
    "status.duration": int,
    "status.start_time": int,
    "status.tasks": list,
    "algorithm": dict,
    "spec": dict,
}
FILLED = {
    "metadata.annotations.job_template": one_of("Template DL"),
    "algorithm.code_dir": str,
    "algorithm.boot_file": str,
    "algorithm.policies": dict,
    "algorithm.engine.engine_id": str,
    "algorithm.engine.engine_name": str,
    "algorithm.engine.engine_version": str,
    "algorithm.outputs.0.local_dir": str,
    "algorithm.outputs.0.access_method": one_of("parameter"),
    "algorithm.parameters.0.constraint": dict,
    "spec.resource.policy": one_of("regular", "economic"),
    "spec.resource.flavor_detail": dict,
    "spec.runtime_type": one_of("production"),
    "spec.is_hosted_log": bool,
    "spec.log_export_path": dict,
}
SENT = {
    "kind": "job",
    "metadata.description": "of a contract",
    "algorithm.parameters.0.name": "epochs",
    "algorithm.parameters.0.value": "1",
    "algorithm.environments.COLOUR": "red",
    "spec.resource.node_count": 1,
    "spec.auto_stop": {"time_unit": "HOURS", "duration": 1},
}
PAGE = {"total": int, "count": int, "limit": one_of(50), "offset": one_of(0), "items": list}
LOG = {"content": str, "current_size": int, "full_size": int}


@pytest.mark.parametrize("step", ["created", "running", "reread", "stopped", "ended"])
def test_every_answer_shows_the_whole_job(about_jobs: Talk, step: str) -> None:
    """Creation, detail and termination show it in one shape."""
    assert [] == misfits(JOB, about_jobs[step].good)


def test_a_job_is_created_at_once_and_runs_later(about_jobs: Talk) -> None:
    """Creation answers 201 with the job in phase Creating; then it runs, with the time of its start in milliseconds."""
    created, running = about_jobs["created"], about_jobs["running"].good

    assert (201, "Creating") == (created.status, created.data["status"]["phase"])
    assert "Running" == running["status"]["phase"]
    assert running["status"]["start_time"] >= created.data["metadata"]["create_time"]


def test_what_was_sent_comes_back(about_jobs: Talk) -> None:
    """What the user set is not changed; only addresses of objects may be spelled in another way."""
    running = about_jobs["running"].good

    assert SENT == {path: at(running, path) for path in SENT}
    assert about_jobs.name("job") == running["metadata"]["name"]
    assert about_jobs.site.flavor == running["spec"]["resource"]["flavor_id"]


def test_the_platform_fills_in_what_was_not_sent(about_jobs: Talk) -> None:
    """These are the fields that a comparison has to leave out unless the user set them."""
    assert [] == misfits(FILLED, about_jobs["running"].good)


def test_a_name_is_taken_once(about_jobs: Talk) -> None:
    """The same name again is 2751, and the check of names knows it before."""
    checks = [about_jobs[step].good["is_duplicate"] for step in ("free", "taken")]

    assert (400, "2751") == about_jobs["again"].refusal
    assert [False, True] == checks


def test_a_job_is_found_by_its_name(about_jobs: Talk) -> None:
    """Among those whose names are like it; a search shows jobs as whole as their detail."""
    page = about_jobs["found"].good
    [job] = [item for item in page["items"] if item["metadata"]["name"] == about_jobs.name("job")]

    assert [] == misfits(PAGE, page) + misfits(JOB, job)
    assert about_jobs["created"].data["metadata"]["id"] == job["metadata"]["id"]


def test_all_filters_have_to_fit(about_jobs: Talk) -> None:
    """`count` is of the matches; `total` counts what the filters leave out, too."""
    page = about_jobs["by phase"].good

    assert (0, []) == (page["count"], page["items"])
    assert page["total"] >= 1


def test_pages_are_counted_from_0(about_jobs: Talk) -> None:
    """Their number is the offset: pages of two show every job once, in the order of creation, and then nothing."""
    several = about_jobs.site.several
    pages = [about_jobs[f"page {number}"].good["items"] for number in range(3)]
    jobs = [item["metadata"] for page in pages for item in page]

    assert [min(several, 2), max(several - 2, 0), 0] == [len(page) for page in pages]
    assert several == len({job["id"] for job in jobs})
    assert sorted(job["create_time"] for job in jobs) == [job["create_time"] for job in jobs]


def test_a_page_has_at_most_50_jobs(about_jobs: Talk) -> None:
    """Who asks for more is refused."""
    assert (400, "2764") == about_jobs["too many"].refusal


def test_the_description_can_be_changed(about_jobs: Talk) -> None:
    """The answer is JSON's null, and the next look shows the new words."""
    described = about_jobs["described"]

    assert (200, None) == (described.status, described.data)
    assert "other words" == about_jobs["reread"].good["metadata"]["description"]


def test_the_log_can_be_read_while_the_job_runs(about_jobs: Talk) -> None:
    """Its newest part comes with the sizes of the part and of the whole; the link to it is signed."""
    log = about_jobs["log"].good

    assert [] == misfits(LOG, log)
    assert log["full_size"] >= log["current_size"] >= len(log["content"]) > 0
    assert about_jobs["link"].good["obs_url"].startswith("http")


def test_a_job_is_stopped_once(about_jobs: Talk) -> None:
    """202 with the job in phase Terminating; what has ended cannot be stopped, and there is no other action."""
    stopped = about_jobs["stopped"]

    assert (202, "Terminating") == (stopped.status, stopped.data["status"]["phase"])
    assert "Terminated" == about_jobs["ended"].good["status"]["phase"]
    assert (409, "2796") == about_jobs["stopped twice"].refusal
    assert (400, "2812") == about_jobs["odd action"].refusal


def test_a_job_is_gone_after_its_deletion(about_jobs: Talk) -> None:
    """Deletion is accepted with 202; when it is done the id is as unknown as one that never was."""
    assert 202 == about_jobs["deleted"].status
    assert [(400, "2775")] * 2 == [about_jobs[step].refusal for step in ("gone", "unknown")]
