"""What a terminal shows while things are in progress."""

from __future__ import annotations

import io

import pytest
from declared import job, model, resources, service
from hypothesis import given
from hypothesis import strategies as st
from world import World

from fmctl.acting import plan_deletion
from fmctl.cli.live import Row, frame, phase_text
from fmctl.cli.painting import Region
from fmctl.cli.progress import Printer
from fmctl.cli.tailing import RARELY, Tail
from fmctl.domain.event import Event, EventType
from fmctl.domain.plan import Action, Change, Reason
from fmctl.domain.resource import ResourceId
from fmctl.domain.values import span
from fmctl.execute import Limits
from fmctl.report.table import legible, width
from fmctl.workflow import apply

TRAIN = ResourceId("TrainingJob", "train")
TEXTS = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=60)
ROWS = st.lists(
    st.builds(Row, TEXTS, st.sampled_from(["Running", "deploying"]), st.just("1m 2s"), TEXTS, st.booleans()),
    min_size=1,
    max_size=30,
)


@given(ROWS, st.integers(40, 200), st.integers(5, 50))
def test_a_frame_fits_the_screen(rows: list[Row], columns: int, height: int) -> None:
    """No line is wider than the terminal, no frame taller; what is in progress and left out is counted."""
    lines = frame(rows, "1 of 9 done", columns, height)
    open_ = sum(not row.ended for row in rows)

    assert len(lines) < height
    assert all(width(line) <= columns for line in lines)
    assert (open_ > height - 3) == any("more in progress" in line for line in lines)


def test_a_row_tells_phase_time_and_the_end_of_the_log() -> None:
    """In this order, and the log gives way first."""
    row = Row("⠋ TrainingJob/train", "Running", "12s", "epoch 3/8  loss 0.1")

    assert ["⠋ TrainingJob/train  Running  12s  epoch 3/8  loss 0.1", "0 of 1 done"] == frame(
        [row], "0 of 1 done", 80, 24
    )
    assert ["⠋ TrainingJob/train  Running  12s"] == frame([row], "", 44, 24)


def test_what_has_ended_stands_above_and_gives_way_first() -> None:
    """The screen is for what goes on; of what has ended, failures and then the newest fill the rest of it."""
    ended = [Row(f"{'x' if n == 3 else '+'} TrainingJob/a{n}", "Completed", "1s", ended=True) for n in range(9)]
    names = [line.split()[1] for line in frame([*ended, Row("⠋ TrainingJob/b", "Running", "1s")], "", 80, 7)]

    assert ["TrainingJob/a3", "TrainingJob/a7", "TrainingJob/a8", "TrainingJob/b"] == names


class Screen(io.StringIO):
    """A terminal of some width: what is written is remembered."""

    columns = 80

    def size(self) -> tuple[int, int]:
        return self.columns, 24


def test_a_region_paints_over_itself_in_one_write() -> None:
    """Back to its first line, each line cleared to its end, what is left below it cleared: nothing is blanked first."""
    screen = Screen()
    region = Region(screen, screen.size)
    region.paint(["one", "two"])
    screen.truncate(0)
    screen.seek(0)
    region.paint(["three"])

    assert "\x1b[?2026h\r\x1b[2Athree\x1b[K\n\x1b[J\x1b[?2026l" == screen.getvalue()


def test_a_region_finds_its_start_in_a_terminal_that_was_made_narrow() -> None:
    """A line that the terminal has folded counts as the rows that it takes now, wide characters by their width."""
    screen = Screen()
    region = Region(screen, screen.size)
    region.paint(["x" * 60, "数" * 30, ""])
    screen.columns = 40
    region.clear()

    assert "\r\x1b[5A\x1b[J" in screen.getvalue()


# ------------------------------------------------------------------ plain lines


def progress(elapsed: float, message: str = "train-1: Running", type: EventType = EventType.PROGRESS) -> Event:
    return Event(type, Change(TRAIN, Action.CREATE, Reason.ABSENT), message, "Running", elapsed)


def test_a_phase_is_told_once_and_then_ever_more_rarely(capsys: pytest.CaptureFixture[str]) -> None:
    """A log of hours is short: a beat after 10 s, then after twice as long each time, up to 5 minutes."""
    printer = Printer()
    for second in range(0, 1600, 5):
        printer.event(progress(second))

    beats = [0, 10, 30, 70, 150, 310, 610, 910, 1210, 1510]
    assert [f"  TrainingJob/train: train-1: Running [{span(beat)}]" for beat in beats] == (
        capsys.readouterr().err.splitlines()
    )


def test_runs_of_one_job_that_are_deleted_side_by_side_are_told_apart(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """That it is being deleted is said once of each, however their looks take turns, and not what it was before."""
    for steps in (1, 2):
        world.apply(resources(job(parameters={"steps": steps})))
    session, printer = world.session(), Printer()
    plan = plan_deletion([], [str(TRAIN)], session)
    apply(plan, session, Limits(parallelism=2), printer.event)

    names = sorted(change.live.remote_name for change in plan.changes if change.live)
    assert [f"{name}: being deleted" for name in names] == sorted(
        line.split(maxsplit=1)[1].partition(" [")[0]
        for line in capsys.readouterr().err.splitlines()
        if "delete (" not in line
    )


def test_what_fails_is_told_when_it_fails(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever reads the log of a pipeline need not wait for the results; what to do about it comes with them."""
    printer = Printer()
    printer.event(progress(5))
    printer.event(progress(60, "train-1 ended Failed\n  hint: correct the code", EventType.ERRORED))

    assert "  TrainingJob/train: failed: train-1 ended Failed [1m]" == capsys.readouterr().err.splitlines()[-1]


def test_a_retry_is_told_with_the_phase() -> None:
    """The name of a run ends with its attempt."""
    assert "Running (retry 2)" == phase_text(progress(9, "train-0123456789-r2: Running"))
    assert "Running" == phase_text(progress(9, "train-0123456789: Running"))
    assert "create" == phase_text(progress(0, "absent", EventType.START))


# ------------------------------------------------------------------ the last lines of logs


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


def test_what_has_no_log_tells_its_newest_event(world: World) -> None:
    """A run that has not started, and a service on its way, say what they wait for."""
    world.apply(resources(model(), service()))
    world.apply(resources(job()), Limits(parallelism=1, wait=False))
    tail = Tail(world.session().api)
    tail.watch(TRAIN, "Creating")
    tail.watch(ResourceId("Service", "digits"), "deploying")
    for _ in range(2):
        tail.ask()

    assert 0 == logs(world)
    assert "Training job is created." == tail.line(TRAIN)
    assert "The service is running." == tail.line(ResourceId("Service", "digits"))
    tail.watch(TRAIN, "Running")

    assert "" == tail.line(TRAIN)


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
