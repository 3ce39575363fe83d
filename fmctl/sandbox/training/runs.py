"""The times that a job runs: once, and once more for every restart after a failure.

A record keeps them to the millisecond, for the stages; the job shows them as `running_records`, in whole seconds.
"""

from fmctl.sandbox.store import Document

RETRIES = "fault-tolerance/job-retry-num"
RESCHEDULE = "job_reschedule"


def runs_of(record: Document) -> list[Document]:
    """When each run was scheduled, began and ended, in seconds; of a record from before there were restarts, none."""
    runs: list[Document] = record.setdefault("runs", [])
    return runs


def schedule(record: Document, now: float) -> None:
    """From now on the job waits for its resources, for the first time or once more."""
    runs_of(record).append({"scheduled_at": now, "started_at": None, "prepared_at": None, "ended_at": None})


def begin(record: Document, now: float) -> None:
    """The job starts to run; if it failed before, it has recovered."""
    _close_recovery(record, now, "success")
    runs_of(record)[-1]["started_at"] = now
    status = record["job"]["status"]
    status["running_records"].append(
        {"start_at": round(now), "start_type": "init_or_rescheduled", "recover_records": []}
    )
    _count_nodes(status, len(status["tasks"]), now)


def prepare(record: Document, now: float) -> None:
    """The job has all that it needs: its own code begins."""
    runs_of(record)[-1]["prepared_at"] = now


def is_preparing(record: Document) -> bool:
    """Whether the job runs, but its own code does not yet."""
    return is_at_work(record) and runs_of(record)[-1].get("prepared_at") is None


def end(record: Document, now: float, reason: str, *, task: str = "") -> None:
    """The job runs no longer, or waits no longer to run; perhaps because of a task."""
    if is_at_work(record):
        status = record["job"]["status"]
        status["running_records"][-1] |= {"end_at": round(now), "end_reason": reason}
        status["running_records"][-1] |= {"end_related_task": task} if task else {}
        _count_nodes(status, 0, now)
    _close_recovery(record, now, "terminated")
    if runs := runs_of(record):
        runs[-1]["ended_at"] = now


def is_at_work(record: Document) -> bool:
    """Whether the job runs: it has begun to, and not ended."""
    runs = runs_of(record)
    return bool(runs) and runs[-1]["started_at"] is not None and runs[-1]["ended_at"] is None


def retries_of(record: Document) -> int:
    """How often a failed job is started again; anything but a number is never."""
    text = record["job"]["metadata"]["annotations"].get(RETRIES, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def retries_left(record: Document) -> int:
    """How often it may be started again from now on."""
    return max(retries_of(record) + 1 - len(runs_of(record)), 0)


def note_recovery(record: Document, now: float, reason: str, *, task: str) -> None:
    """Say of the run that has just failed what is done about it: another one, or nothing when there were enough."""
    allowed = retries_left(record) > 0
    last = record["job"]["status"]["running_records"][-1]
    last["recover_records"].append(
        {
            "recover_start_at": round(now),
            "recover_end_at": None if allowed else round(now),
            "recover": RESCHEDULE,
            "fault_scenario": "job_failed",
            "reason": reason,
            "related_task": task,
            "recover_result": "recovering" if allowed else "quotaExceeded",
        }
    )
    if allowed:
        last["end_recover"] = RESCHEDULE


def _count_nodes(status: Document, nodes: int, now: float) -> None:
    status["node_count_metrics"] = [*(status["node_count_metrics"] or []), [round(now * 1000), nodes]]


def _close_recovery(record: Document, now: float, result: str) -> None:
    records = record["job"]["status"]["running_records"]
    for recovery in records[-1]["recover_records"] if records else []:
        if recovery["recover_result"] == "recovering":
            recovery |= {"recover_end_at": round(now), "recover_result": result}
