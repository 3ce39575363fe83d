"""The folder in which one node of a job runs: code and inputs fetched from OBS, outputs sent back to it.

<root>/user-job-dir/<code>/   the code, and the working directory
<root>/inputs/<name>_<n>/     one folder per input
<root>/outputs/<name>_<n>/    one folder per output
<root>/log/worker-0.log       what the job writes

Further nodes have such a folder each, as <root>/worker-<n>/, and keep their logs beside that of the first one.
"""

import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from fmctl.sandbox import images, keeper, programs
from fmctl.sandbox.object_info import About
from fmctl.sandbox.objects import Objects, split_url
from fmctl.sandbox.runner import FIRST_TASK

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class CannotPrepare(Exception):
    """Something that the job needs is not where it should be."""


class Workdir:
    """The folder of one node. `job` is the job as the API shows it, `root` the folder of the whole job."""

    def __init__(self, root: Path, job: Mapping[str, Any], objects: Objects, node: int = 0) -> None:
        self.task = f"worker-{node}"
        self.root = root / self.task if node else root
        self.log_path = log_path(root, self.task)
        self.metrics_path = metrics_path(root, self.task)
        self._node = node
        self._job = job
        self._algorithm: Mapping[str, Any] = job["algorithm"]
        self._objects = objects
        self._inputs: dict[str, Path] = {}
        self._sent: dict[Path, dict[str, tuple[int, int]]] = {}

    def prepare(self) -> Iterator[str]:
        """Fetch code and inputs and make the folders; says what was done. A job that is restarted begins anew."""
        self.tidy()
        for folder in (self.code, self.log_path.parent, self.root / "tmp"):
            folder.mkdir(parents=True, exist_ok=True)
        image = self._algorithm["engine"].get("image_url")
        if image and (count := images.unpack(self._objects, image, self.root / "user-job-dir")) is not None:
            yield f"image {image}: {counted(count)}"
        if code := self._algorithm.get("code_dir"):
            yield f"code {code}: {counted(self._fetch('code_dir', code, self.code))}"
        for at, channel in enumerate(self._algorithm["inputs"]):
            url, folder = channel["remote"]["obs"]["obs_url"], self._folder("inputs", channel, at)
            self._inputs[channel["name"]] = self._single_file(url, folder) or folder
            fetched = self._fetch("input " + channel["name"], url, folder)
            yield f"input {channel['name']} {url}: {counted(fetched)}"
        for folder in self._outputs:
            folder.mkdir(parents=True, exist_ok=True)
        if self._job["spec"].get("volumes"):
            yield "volumes are not mounted: the sandbox has no network file systems"
        if program := programs.program_of(self._job):
            shutil.rmtree(self.root / program, ignore_errors=True)
            self._order().write(self.root / program)

    @property
    def code(self) -> Path:
        """Where the code is, and where the job starts."""
        _, key = split_url(self._algorithm.get("code_dir") or "")
        return self.root / "user-job-dir" / (Path(key).name or ".")

    @property
    def command(self) -> list[str]:
        """What is executed: the job's own code, or the program that takes its place."""
        if program := programs.program_of(self._job):
            return programs.command_of(program, self.root / program)
        return self._order().command()

    @property
    def environment(self) -> dict[str, str]:
        """All that the job sees of the outside: nothing of the server's own environment is in it."""
        hosts = nodes_of(self._job)
        basics = {
            "PATH": f"{Path(sys.executable).parent}:{SYSTEM_PATH}",
            "HOME": str(self.root),
            "TMPDIR": str(self.root / "tmp"),
            "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
            "MA_JOB_NAME": self._job["metadata"]["name"],
            "MA_LOCAL_LOG_PATH": str(self.log_path.parent),
            "MA_TASK_NAME": "worker",
            "MA_NUM_HOSTS": str(hosts),
            "MA_NUM_GPUS": "0",
            "MA_CURRENT_HOST_IP": "127.0.0.1",
            "VC_TASK_INDEX": str(self._node),
            "VC_WORKER_NUM": str(hosts),
            "VC_WORKER_HOSTS": ",".join(["127.0.0.1"] * hosts),
        }
        own = {**self._algorithm["environments"], **dict(self._channels("env"))}
        return {**basics, **own, **job_mark(self.root)}

    def background(self) -> AbstractContextManager[None]:
        """What the job sends to OBS meanwhile is not a change that a request made."""
        return self._objects.background()

    def upload(self) -> int:
        """Send outputs that are new or have changed; says how many files."""
        count = 0
        for folder, url in self._outputs.items():
            bucket, prefix = split_url(url)
            count += self._objects.upload_tree(folder, bucket, prefix, self._sent.setdefault(folder, {}))
        return count

    def tidy(self) -> None:
        """Keep what the job has written about itself: its log, its metrics, the records of a program."""
        for name in ("user-job-dir", "inputs", "outputs", "tmp") if self._node == 0 else ("",):
            shutil.rmtree(self.root / name, ignore_errors=True)

    def export_log(self) -> None:
        """Send the log to where the job wants it."""
        url = (self._job["spec"].get("log_export_path") or {}).get("obs_url")
        if url:
            bucket, prefix = split_url(url)
            name = f"{self._job['metadata']['id']}-{self.task}.log"
            with self.log_path.open("rb") as content:
                self._objects.put(
                    bucket, f"{prefix.rstrip('/')}/{name}".lstrip("/"), content, about=About("text/plain")
                )

    def _order(self) -> programs.Order:
        """What the job's own code is started with."""
        folders = {kind: {name: str(path) for name, path in self._local(kind)} for kind in ("inputs", "outputs")}
        return programs.Order(self._job, self._start(), tuple(self._arguments()), **folders)

    def _start(self) -> list[str]:
        """The boot file with this Python, or a custom image's command with the shell."""
        boot = self._algorithm.get("boot_file")
        if not boot:
            return [programs.SHELL, "-c", self._algorithm.get("command") or ""]
        inside = "/".join(split_url(boot)).removeprefix("/".join(split_url(self._algorithm["code_dir"]))).lstrip("/")
        return [sys.executable, str(self.code / inside)]

    @property
    def _outputs(self) -> dict[Path, str]:
        channels = enumerate(self._algorithm["outputs"])
        return {self._folder("outputs", item, at): item["remote"]["obs"]["obs_url"] for at, item in channels}

    def _arguments(self) -> Iterator[tuple[str, str | None]]:
        for parameter in self._algorithm["parameters"]:
            yield parameter["name"], parameter.get("value")
        yield from self._channels("parameter")

    def _channels(self, access: str) -> Iterator[tuple[str, str]]:
        """Names and local folders of the inputs and outputs that are passed in this way."""
        for kind in ("inputs", "outputs"):
            wanted = {channel["name"] for channel in self._algorithm[kind] if channel["access_method"] == access}
            yield from ((name, str(path)) for name, path in self._local(kind) if name in wanted)

    def _local(self, kind: str) -> Iterator[tuple[str, Path]]:
        """Names of the inputs, or outputs, and where each is; an input of one object is a file."""
        for at, channel in enumerate(self._algorithm[kind]):
            name, folder = channel["name"], self._folder(kind, channel, at)
            yield name, self._inputs.get(name, folder) if kind == "inputs" else folder

    def _folder(self, kind: str, channel: Mapping[str, Any], at: int) -> Path:
        return self.root / kind / f"{Path(channel['name']).name}_{at}"

    def _single_file(self, url: str, folder: Path) -> Path | None:
        """Where an input is that is one object and not a folder."""
        info = self._objects.head(*split_url(url))
        return folder / Path(info.key).name if info and not info.key.endswith("/") else None

    def _fetch(self, what: str, url: str, folder: Path) -> int:
        bucket, key = split_url(url)
        if single := self._single_file(url, folder):
            self._objects.download(self._objects.need(bucket, key), single)
            return 1
        prefix = key if not key or key.endswith("/") else f"{key}/"
        if not any(True for _ in self._objects.walk(bucket, prefix)):
            raise CannotPrepare(f"{what}: there is no object below {url}")
        return self._objects.download_tree(bucket, prefix, folder)


def nodes_of(job: Mapping[str, Any]) -> int:
    """How many processes a job has: one a node, or one when a program of the platform runs in their place."""
    return 1 if programs.program_of(job) else len(job["status"]["tasks"])


def counted(files: int) -> str:
    """A number of files in words."""
    return f"{files} file{'s' if files != 1 else ''}"


def log_path(root: Path, task: str) -> Path:
    """Where a task of the job in this folder writes to."""
    return root / "log" / f"{task}.log"


def metrics_path(root: Path, task: str) -> Path:
    """Where samples of what a task uses are kept, with its log."""
    return root / "log" / f"{task}.json"


def code_home(root: Path, task: str) -> Path:
    """Where a task of the job in this folder has its code, and what it makes of it."""
    return (root if task == FIRST_TASK else root / task) / "user-job-dir"


def job_mark(root: Path) -> dict[str, str]:
    """The variable by which a process of the job in this folder is known."""
    return {keeper.FOLDER: str(root / "user-job-dir")}
