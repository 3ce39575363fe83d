"""Training jobs, whoever runs them."""

from __future__ import annotations

from .talk import Talk


def test_a_job_is_answered_whole(jobs: Talk) -> None:
    """Creation answers 201 with the job in phase Creating."""
    created = jobs["created"]

    assert (201, "Creating") == (created.status, created.data["status"]["phase"])


def test_a_name_is_taken_once(jobs: Talk) -> None:
    """The same name again is 2751, and the check of names knows it before."""
    checks = [jobs[step].good["is_duplicate"] for step in ("free", "taken")]

    assert (400, "2751") == jobs["again"].refusal
    assert [False, True] == checks


def test_a_job_is_gone_after_its_deletion(jobs: Talk) -> None:
    """Deletion is accepted with 202; when it is done the id is as unknown as one that never was."""
    assert 202 == jobs["deleted"].status
    assert [(400, "2775")] * 2 == [jobs[step].refusal for step in ("gone", "unknown")]
