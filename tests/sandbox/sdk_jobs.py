"""Jobs that some methods of the SDK are about: one that searches, one that was fine-tuned, one to debug."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from fmctl.sandbox import Sandbox

from .jobs import job
from .test_process_runner import until

Body = dict[str, Any]
CODE = "/fmctl-demo/sdk-jobs/"
PATIENT = """import sys, time
print("loss=1", flush=True)
if not {"--rank=1", "--rank=2", "--rank=3"} & set(sys.argv):
    time.sleep(600)
"""
SEARCH = {
    "reward_attrs": [{"name": "loss", "mode": "min", "regex": "loss=([0-9]+)"}],
    "search_params": [{"name": "rank", "param_type": "discrete", "discrete_values": ["1", "2", "3", "4", "5"]}],
    "algo_configs": [{"name": "grid_search"}],
}
IMAGE = {"name": "sdk", "namespace": "sdk", "tag": "first"}


class SpecialJobs:
    """Made when they are needed first, and then for good. `make` posts a request, `get` reads an answer."""

    def __init__(self, sandbox: Sandbox, make: Callable[[str, Body], Any], get: Callable[[str], Any]) -> None:
        self._sandbox = sandbox
        self._make = make
        self._get = get

    def known(self, method: str) -> Mapping[str, str]:
        """The values of path parameters for a method that is about one of them."""
        if method.startswith("show_auto_search"):
            trials = {False: self.trials[0], True: self.trials[-1]}
            names = {"parameter_name": "rank", "algorithm_type": "hpo", "algorithm_name": "TPE"}
            return {"training_job_id": self.search, "trial_id": trials["early_stop" in method], **names}
        if "_ft_" in method:
            return {"training_job_id": self.tuned}
        if method == "stop_training_job":  # one that has not ended by itself, however slow the machine is
            return {"training_job_id": self._start(metadata__name="sdk-stopped")}
        return {"training_job_id": self.debugged} if "save_image" in method or "notify" in method else {}

    @cached_property
    def search(self) -> str:
        """Three of its trials have ended, and the fourth goes on."""
        job_id = self._start(algorithm__policies={"auto_search": SEARCH})
        until(lambda: len(self._trials(job_id)) == 4)
        return job_id

    @cached_property
    def trials(self) -> list[str]:
        return [row[4] for row in self._trials(self.search)]

    @cached_property
    def tuned(self) -> str:
        """It has completed, with artifacts."""
        self._sandbox.objects.put("fmctl-demo", "sdk-jobs/data.txt", b"one line\n" * 5)
        inputs = [{"remote": {"obs": {"obs_url": CODE + "data.txt"}}}]
        body = job("sdk-tuned", train_type="SFT", algorithm={"inputs": inputs})
        body["spec"] |= {"asset_id": "fmctl-characters-1.0.0", "output_model": {"obs": {"obs_path": CODE + "out/"}}}
        job_id = str(self._make("training-jobs", body)["metadata"]["id"])
        until(lambda: self._get(f"training-jobs/{job_id}")["status"]["phase"] == "Completed")
        return job_id

    @cached_property
    def debugged(self) -> str:
        """It runs, and one image of it was saved."""
        job_id = self._start(spec__runtime_type="debug")
        until(lambda: self._get(f"training-jobs/{job_id}")["status"]["phase"] == "Running")
        path = f"training-jobs/{job_id}/tasks/worker-0/save-image-job"
        until(lambda: (self._sandbox.state_dir / "jobs" / job_id / "user-job-dir").exists())
        self._make(path, IMAGE)
        until(lambda: self._get(path)["status"] == "ACTIVE")
        return job_id

    def _start(self, **changes: Any) -> str:
        with self._sandbox.store.background():
            self._sandbox.objects.put("fmctl-demo", "sdk-jobs/train.py", PATIENT.encode())
        body = job(f"sdk-{len(changes)}-{next(iter(changes))}", **changes)
        body["algorithm"] |= {"code_dir": CODE, "boot_file": CODE + "train.py"}
        return str(self._make("training-jobs", body)["metadata"]["id"])

    def _trials(self, job_id: str) -> list[list[Any]]:
        found: list[list[Any]] = self._get(f"training-jobs/{job_id}/autosearch-trials")["items"]["data"]
        return found
