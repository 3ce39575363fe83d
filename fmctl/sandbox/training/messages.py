"""What happens to a job, in the two languages in which ModelArts tells it."""

from dataclasses import dataclass

from fmctl.sandbox.store import Document
from fmctl.sandbox.training.times import local


@dataclass(frozen=True, slots=True)
class Message:
    """One text in English and in Chinese."""

    english: str
    chinese: str

    def of(self, **values: object) -> "Message":
        """The texts with their blanks filled in."""
        return Message(self.english.format(**values), self.chinese.format(**values))


CREATED = Message("Training job is created.", "训练作业已创建。")
QUEUED = Message("Training job is queued.", "训练作业排队中。")
RUNNING = Message("Training job is running.", "训练作业运行中。")
STARTED = Message("[{task}] training started.", "[{task}] 训练开始。")
FINISHED = Message("[{task}] Training finished. Exit code {code}.", "[{task}] 训练结束，退出码 {code}。")
RESTARTED = Message(
    "JobRestarted: the training job failed and is restarted ({time} of {times}).",
    "JobRestarted：训练作业失败，正在重启（第 {time} 次，共 {times} 次）。",
)
STOPPED = Message("The user stopped the training job.", "用户停止了训练作业。")
TIMED_OUT = Message(
    "Training job has been stopped (maximum running duration {hours} hours).",
    "训练作业已停止（达到最长运行时间 {hours} 小时）。",
)
NOT_CREATED = Message("Failed to create the training job: {why}", "训练作业创建失败：{why}")
SERVER_LOST = Message("The sandbox was restarted while the training job ran.", "训练作业运行期间沙箱被重启。")
ENDS = {
    "Completed": Message("Training job completed.", "训练作业已完成。"),
    "Failed": Message("Training job failed.", "训练作业运行失败。"),
    "Abnormal": Message("Training job abnormal.", "训练作业异常。"),
    "Terminated": Message("Training job terminated.", "训练作业已停止。"),
}


def tell(record: Document, now: float, message: Message | str, level: str = "Info", source: str = "Job") -> None:
    """Add an event to a record; what is text has been written by others, and is not translated."""
    english, chinese = (message, message) if isinstance(message, str) else (message.english, message.chinese)
    record["events"].append({"time": now, "level": level, "source": source, "message": english, "zh_message": chinese})


def told(event: Document, language: str) -> Document:
    """An event as the API shows it, to a reader of `zh-cn` or of anything else."""
    message = event.get("zh_message", event["message"]) if language.lower().startswith("zh") else event["message"]
    return {"time": local(event["time"]), "level": event["level"], "source": event["source"], "message": message}
