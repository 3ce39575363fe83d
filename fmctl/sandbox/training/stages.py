"""How far a job has come, as the console draws it: scheduling, preparing, running, end."""

from fmctl.sandbox.store import Document
from fmctl.sandbox.training.jobs import ENDED, id_of, phase_of
from fmctl.sandbox.training.times import local

STAGES = {
    "scheduling": ("The job waits for its resources.", "作业调度"),
    "preparing": ("The environment of the job is prepared.", "环境准备"),
    "running": ("The job is running.", "作业运行"),
    "end": ("The job has ended.", "作业结束"),
}


def stages_of(record: Document) -> list[Document]:
    """The stages that the job has reached; one that goes on has no end."""
    reached = _reached(record)
    ends = [*(start for _, start in reached[1:]), reached[-1][1] if reached[-1][0] == "end" else None]
    return [
        {
            "job_id": id_of(record),
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


def _reached(record: Document) -> list[tuple[str, float]]:
    """Names and beginnings. The sandbox prepares a job in the process that runs it, so two stages begin at once."""
    started = record["started_at"]
    reached = [("scheduling", record["job"]["metadata"]["create_time"] / 1000)]
    if started:
        reached += [("preparing", started), ("running", started)]
    if phase_of(record) in ENDED:
        reached.append(("end", record["since"]))
    return reached
