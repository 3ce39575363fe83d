"""What a terminal shows while things are in progress."""

from __future__ import annotations

from declared import job, resources
from hypothesis import given
from hypothesis import strategies as st
from world import World

from fmctl.cli.live import frame
from fmctl.cli.tailing import RARELY, Tail
from fmctl.domain.resource import ResourceId
from fmctl.execute import Limits
from fmctl.report.table import legible, width

TRAIN = ResourceId("TrainingJob", "train")
TEXTS = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=60)
ROWS = st.lists(
    st.tuples(TEXTS, st.sampled_from(["Running", "deploying"]), st.just("1m 2s"), TEXTS), min_size=1, max_size=30
)


@given(ROWS, st.integers(40, 200), st.integers(5, 50))
def test_a_frame_fits_the_screen(rows: list[tuple[str, str, str, str]], columns: int, height: int) -> None:
    """No line is wider than the terminal, no frame taller; what is left out is counted."""
    lines = frame(rows, "1 of 9 done", columns, height)

    assert len(lines) < height
    assert all(width(line) <= columns for line in lines)
    assert (len(lines) - 1 < len(rows)) == any("more in progress" in line for line in lines)


def test_a_row_tells_phase_time_and_the_end_of_the_log() -> None:
    """In this order, and the log gives way first."""
    row = ("⠋ TrainingJob/train", "Running", "12s", "epoch 3/8  loss 0.1")

    assert ["⠋ TrainingJob/train  Running  12s  epoch 3/8  loss 0.1", "0 of 1 done"] == frame(
        [row], "0 of 1 done", 80, 24
    )
    assert ["⠋ TrainingJob/train  Running  12s"] == frame([row], "", 44, 24)


def running(world: World) -> Tail:
    """A tail that follows one job, which runs."""
    world.runner.durations = {"*": 3600}
    world.apply(resources(job()), Limits(parallelism=1, wait=False))
    world.session().clock.sleep(60)
    tail = Tail(world.session().api)
    tail.watch(TRAIN, "Running")
    return tail


def logs(world: World) -> int:
    return world.transport.count("GET", "/logs/preview")


def test_the_last_line_of_a_log_is_one_call(world: World) -> None:
    """Each turn asks for one log, and looks for the run only once."""
    tail = running(world)
    searches = world.transport.count("POST", "/training-job-searches")
    for _ in range(3):
        tail.ask()

    assert tail.line(TRAIN).endswith(" started")
    assert 3 == logs(world)
    assert 1 == world.transport.count("POST", "/training-job-searches") - searches


def test_what_has_ended_is_asked_no_more(world: World) -> None:
    """A resource that is in progress no longer, and one that is no run, cost nothing."""
    tail = running(world)
    tail.watch(TRAIN, None)
    tail.watch(ResourceId("Service", "digits"), "deploying")
    tail.ask()

    assert 0 == logs(world)


def test_a_long_log_is_asked_for_rarely(world: World) -> None:
    """A log of megabytes is not fetched every few seconds."""
    tail = running(world)
    for script in world.runner._jobs.values():
        script.log = "x" * 50 + "\n" + "epoch 1\n" * 40_000
    for _ in range(RARELY):
        tail.ask()

    assert "epoch 1" == tail.line(TRAIN)
    assert 1 == logs(world)
    tail.ask()

    assert 2 == logs(world)


def test_logs_cannot_write_on_the_terminal() -> None:
    """Control sequences are dropped, and of a progress bar the last state is shown."""
    assert "red  bell" == legible("\x1b[31mred\x1b[0m \x07bell")
    assert "100%" == legible("10%\r50%\r100%\r\n")
    assert "手写" == legible("\x1b]0;title\x07手写")
