"""Runs that have not ended as wanted, and what their users are told to do."""

from __future__ import annotations

import pytest

from fmctl.domain.live import Health, Live
from fmctl.domain.resource import ResourceId
from fmctl.kinds.remedies import ended, remedy

HOUR = 3_600_000


def run(phase: str = "Failed", message: str = "worker-0 exited with 1", *, duration: int = 0) -> Live:
    """A run with a limit of two hours that has ended."""
    id = ResourceId("TrainingJob", "train")
    facts = {"autoStop": 7200}
    return Live(id, "1", "train-0123456789", phase, Health.DEGRADED, message=message, duration=duration, facts=facts)


@pytest.mark.parametrize(
    ("log", "words"),
    [
        ("Traceback …\nModuleNotFoundError: No module named 'mindspore'", "no module mindspore where it runs"),
        ("train.py: error: unrecognized arguments: --data_url=/x", "let the program take them"),
        ("train.py: error: the following arguments are required: --lr", "declare --lr as a parameter"),
        ("FileNotFoundError: [Errno 2] No such file or directory: '/x/a.csv'", "there is no /x/a.csv"),
        ("torch.OutOfMemoryError: CUDA out of memory.", "more memory than there is"),
        ("ValueError: first\nModuleNotFoundError: No module named 'a'\nNo module named 'b'", "no module a "),
        ("ValueError: of no known kind", "correct the code, or change `rerun`"),
        ("", "correct the code, or change `rerun`"),
    ],
)
def test_the_end_of_the_log_says_what_to_do(log: str, words: str) -> None:
    """What often goes wrong is known by its words; everything else is the code's own affair."""
    assert words in remedy(run(), log)


def test_a_kill_is_for_want_of_memory() -> None:
    """Exit code 137 leaves nothing in the log."""
    assert "more memory" in remedy(run(message="worker-0 exited with 137"), "epoch 3")
    assert "correct the code" in remedy(run(message="worker-0 exited with 13"), "epoch 3")


def test_a_limit_that_was_reached_is_raised_and_the_run_repeated() -> None:
    """Raising maxDuration alone starts nothing, since it is no part of the content."""
    late = run("Terminated", "", duration=2 * HOUR)

    assert "Terminated, its maxDuration of 2h was over" == ended(late)
    assert "raise maxDuration and change `rerun`" in remedy(late, "ModuleNotFoundError: No module named 'a'")


@pytest.mark.parametrize("phase", ["Terminated", "Abnormal"])
def test_what_was_not_the_codes_fault_is_repeated(phase: str) -> None:
    """Who was stopped, or lost, need not correct anything."""
    assert "change `rerun` to run it again" == remedy(run(phase, "", duration=HOUR), "")
    assert phase == ended(run(phase, "", duration=HOUR))
