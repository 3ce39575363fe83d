"""A user of fmctl: a home, an environment, a folder of manifests, and everything that was ever shown to them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from commandline import Answer, CommandLine

from .manifests import PROJECT, SECRETS, chain
from .server import ACCOUNT, Judge

HIDDEN = (ACCOUNT.secret, ACCOUNT.password, *SECRETS.values())
"""What may be in no output and in no file of fmctl's."""
HOMES = ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR")


class User:
    """Runs fmctl against the judge, through nothing but its environment."""

    def __init__(self, root: Path, judge: Judge, ledger: Path | None = None) -> None:
        self.root, self.judge = root, judge
        self.folder, self.home = root / "set", root / "home"
        (self.folder / "code").mkdir(parents=True)
        (self.folder / "code" / "train.py").write_text("print(1)\n")
        self.home.mkdir()
        self.environ = _environ(self.home, judge)
        if ledger:
            self.environ["FMCTL_LEDGER"] = str(ledger)
        self.write(**chain())

    def write(self, **files: str) -> User:
        """Declare what the files say, and nothing else."""
        for old in self.folder.glob("*.yaml"):
            old.unlink()
        for name, text in {"fmctl.yaml": PROJECT, **files}.items():
            (self.folder / name).write_text(text)
        return self

    def run(self, *arguments: str, code: int | None = None, **environ: str | None) -> Answer:
        """Run fmctl in this process; a variable of None is not set."""
        given = {**self.environ, **environ}
        answer = CommandLine(self.root, {name: value for name, value in given.items() if value is not None})(*arguments)
        return self._checked(answer, code)

    def program(self, *arguments: str) -> subprocess.Popen[str]:
        """Start fmctl as a process of its own group."""
        return subprocess.Popen(
            [sys.executable, "-m", "fmctl", *arguments],
            cwd=self.root,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def finish(self, process: subprocess.Popen[str], code: int | None = None) -> Answer:
        """Wait for a process that was started."""
        try:
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
        return self._checked(Answer(process.returncode, out, err), code)

    def apply(self, *arguments: str, code: int = 0, **environ: str | None) -> Answer:
        return self.run("apply", "-f", str(self.folder), *arguments, code=code, **environ)

    def diff(self, *arguments: str, code: int | None = None, **environ: str | None) -> Answer:
        return self.run("diff", "-f", str(self.folder), *arguments, code=code, **environ)

    def plan(self, *arguments: str, code: int | None = None, **environ: str | None) -> dict[str, Any]:
        """The plan as JSON."""
        plan: dict[str, Any] = json.loads(self.diff("-o", "json", *arguments, code=code, **environ).out)
        return plan

    def change(self, id: str, code: int | None = None) -> dict[str, Any]:
        """What the plan says about one resource."""
        return next(change for change in self.plan(code=code)["changes"] if change["id"] == id)

    def decision(self, id: str, code: int | None = None) -> tuple[str, str, bool]:
        """The action, the reason, and whether it is drift."""
        change = self.change(id, code)
        return change["action"], change["reason"], change["drift"]

    def events(self, *arguments: str, code: int = 0, **environ: str | None) -> list[dict[str, Any]]:
        """What ``apply --json`` says."""
        return [json.loads(line) for line in self.apply("--json", *arguments, code=code, **environ).out.splitlines()]

    def leaks(self) -> list[str]:
        """Files and objects of fmctl's that hold a secret."""
        files = [path for path in self.root.rglob("*") if path.is_file()]
        kept = {str(path): path.read_bytes() for path in files}
        kept |= {key: content for bucket in self.judge.objects.buckets.values() for key, content in bucket.items()}
        return [name for name, content in kept.items() if any(secret.encode() in content for secret in HIDDEN)]

    def _checked(self, answer: Answer, code: int | None) -> Answer:
        text = answer.out + answer.err
        assert not [secret for secret in HIDDEN if secret in text], text
        assert not [word for word in ("Traceback", "internal error") if word in text], text
        assert code in (None, answer.code), f"exit {answer.code} instead of {code}:\n{text}"
        return answer


def _environ(home: Path, judge: Judge) -> dict[str, str]:
    return {
        **{name: os.environ[name] for name in ("PATH", "PYTHONPATH", "VIRTUAL_ENV") if name in os.environ},
        "HOME": str(home),
        **{name: str(home / name.lower()) for name in HOMES},
        "PYTHONUTF8": "1",
        "HUAWEICLOUD_SDK_AK": ACCOUNT.access,
        "HUAWEICLOUD_SDK_SK": ACCOUNT.secret,
        "HUAWEICLOUD_SDK_PROJECT_ID": ACCOUNT.project,
        "FMCTL_MODELARTS_ENDPOINT": judge.endpoint,
        "FMCTL_IAM_ENDPOINT": judge.endpoint,
        "FMCTL_OBS_ENDPOINT": judge.obs_endpoint,
        "FMCTL_CODE_PREFIX": f"obs://{ACCOUNT.bucket}/fm/",
        **SECRETS,
    }
