"""How far a job has come, as the console draws it: scheduling, preparing, running, end."""

from fmctl.sandbox.store import Document
from fmctl.sandbox.training.jobs import id_of
from fmctl.sandbox.training.runs import runs_of
from fmctl.sandbox.training.times import local

STAGES = {
    "scheduling": ("The job waits for its resources.", "作业调度"),
    "preparing": ("The environment of the job is prepared.", "环境准备"),
    "running": ("The job is running.", "作业运行"),
    "end": ("The job has ended.", "作业结束"),
}


def stages_of(record: Document) -> list[list[Document]]:
    """Of each run the stages that it has reached; one that goes on has no end."""
    return [_stages(id_of(record), run) for run in runs_of(record)]


def _stages(job_id: str, run: Document) -> list[Document]:
    reached = _reached(run)
    ends = [*(start for _, start in reached[1:]), run["ended_at"]]
    return [
        {
            "job_id": job_id,
            "name": name,
            "en_message": STAGES[name][0],
            "zh_message": STAGES[name][1],
            "start_time": local(start),
            "end_time": "" if end is None else local(end),
            "stage_order": list(STAGES).index(name) + 1,
            "sub_stages": [],
        }
        for (name, start), end in zip(reached, ends, strict=True)
    ]


def _reached(run: Document) -> list[tuple[str, float]]:
    """Names and beginnings."""
    beginnings = [run["scheduled_at"], run["started_at"], run.get("prepared_at"), run["ended_at"]]
    return [(name, start) for name, start in zip(STAGES, beginnings, strict=True) if start is not None]
