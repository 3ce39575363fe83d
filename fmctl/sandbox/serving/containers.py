"""What runs in place of a container, in services of both generations: the sandbox has none.

The command of an image that is named `sandbox/…` runs as a process of this machine. For any other image a placeholder
answers, since its command, its files and its checks are about what is inside of it.
"""

from __future__ import annotations

import math
import os
import shlex
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from fmctl.sandbox import serving_host
from fmctl.sandbox.models.config import Health
from fmctl.sandbox.serving.instances import InstanceSpec

RUNNABLE = "sandbox/"
PLACEHOLDER = Path(serving_host.__file__).with_name("placeholder.py")
LISTENS = Health(url="", initial_delay=math.inf)
"""The check of what has none of its own: it is ready when it listens, however late."""


class CannotRun(Exception):
    """Something that this sandbox cannot run; the message says why."""


def needs_container(image: str) -> bool:
    """Whether only a container could run it."""
    return not image.startswith(RUNNABLE)


def in_place_of(image: str, spec: InstanceSpec) -> InstanceSpec:
    """What runs here when `spec` is what would run in a container of the image. Raises CannotRun."""
    if needs_container(image):
        command = f"exec {shlex.quote(sys.executable)} -I {shlex.quote(str(PLACEHOLDER))}"
        return replace(spec, command=command, envs=_found({"STANDS_IN_FOR": image}), health=LISTENS, port=0)
    if not spec.command:
        raise CannotRun(f"the image {image} needs a cmd: there is no container whose own would run")
    return replace(spec, envs=_found(spec.envs))


def notice(name: str, image: str) -> str:
    """What an event says of a placeholder."""
    return f"{name}: the sandbox runs no containers; a placeholder answers in place of {image}."


def _found(envs: Mapping[str, str]) -> Mapping[str, str]:
    """So that `python` is that of the sandbox."""
    return {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}", **envs}
