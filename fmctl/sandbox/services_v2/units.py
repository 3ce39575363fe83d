"""What a deployment's plan comes to on this machine: which processes, in which folders, under which names."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fmctl.sandbox.models.config import Health
from fmctl.sandbox.models.locations import LocationError, parse_object
from fmctl.sandbox.objects import Objects, ObsError
from fmctl.sandbox.services_v2.state import Deployment, Document, Plan, version_of
from fmctl.sandbox.serving.containers import LISTENS, CannotRun, in_place_of, needs_container
from fmctl.sandbox.serving.fleet import GroupKey
from fmctl.sandbox.serving.instances import InstanceSpec

MAX_INSTANCES = 8  # of a deployment that really run; the rest of a large count is only counted
FROM_OBS = frozenset({"OBS", "OBSFS"})

Unit = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class UnitGroup:
    """The processes of one unit in one instance."""

    ordinal: int
    unit: int
    spec: InstanceSpec
    count: int
    key: GroupKey


@dataclass(frozen=True, slots=True)
class Units:
    """Prepares folders below `root`, one for each unit of each version."""

    objects: Objects
    root: Path

    def groups(self, document: Document, deployment: Deployment, plan: Plan) -> list[UnitGroup]:
        """Everything that a plan runs, with its files in place. Raises CannotRun."""
        version = version_of(deployment, plan)
        units = version["config"]["unit_configs"]
        specs = [self._spec(document, deployment, version, at) for at in range(len(units))]
        return [
            UnitGroup(ordinal, at, spec, units[at]["count"], group_key(deployment, plan, ordinal, at))
            for ordinal in really_run(plan)
            for at, spec in enumerate(specs)
        ]

    def forget(self, service_id: str, deployment_id: str = "") -> None:
        """Remove what was copied for a deployment, or all of a service, its logs included."""
        folder = self.root / service_id / deployment_id
        for entry in folder.iterdir() if deployment_id and folder.is_dir() else ():
            if entry.is_dir():
                shutil.rmtree(entry, ignore_errors=True)
        if not deployment_id:
            shutil.rmtree(folder, ignore_errors=True)

    def _spec(self, document: Document, deployment: Deployment, version: Document, at: int) -> InstanceSpec:
        config = version["config"]
        unit = config["unit_configs"][at]
        image = unit["image"]["swr_path"]
        home = self.root / document["service"]["id"] / deployment["id"]
        folder = home / version["id"] / f"unit-{at}"
        found = () if needs_container(image) else _mounts(config, unit)
        mounts = {mount["mount_path"]: mount for mount in found}
        spec = InstanceSpec(
            service_id=document["service"]["id"],
            model_id=version["id"],
            model_name=deployment["name"],
            model_type="",
            folder=folder,
            log=home / f"{version['version']}-unit-{at}.log",
            health=_health(unit),
            envs={name: _relocated(value, mounts, folder) for name, value in unit.get("envs", {}).items()},
            command=_relocated(unit.get("cmd") or "", mounts, folder),
            port=unit.get("port") or 0,
        )
        runs = in_place_of(image, spec)
        self._mount(mounts, folder)
        return runs

    def _mount(self, mounts: Mapping[str, Unit], folder: Path) -> None:
        """Copy what is not there yet; the folder appears under its name only when it is whole."""
        if folder.is_dir():
            return
        partial = folder.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        for path, mount in mounts.items():
            self._copy(mount, partial / path.lstrip("/"))
        partial.rename(folder)

    def _copy(self, mount: Unit, target: Path) -> None:
        """Like the real mount: an OBS folder, whole, at the mount path; a single object, below it."""
        address = mount.get("address", "")
        if mount.get("source", "OBS") not in FROM_OBS:
            raise CannotRun(f"files: this sandbox mounts OBS only, not {mount['source']} at {mount['mount_path']}")
        if ".." in target.parts:
            raise CannotRun(f"files: {mount['mount_path']} is no mount path")
        try:
            bucket, key = parse_object(address)
            if (info := self.objects.head(bucket, key)) and not key.endswith("/"):
                self.objects.download(info, target / Path(key).name)
                return
            prefix = f"{key.strip('/')}/" if key.strip("/") else ""
            if not self.objects.download_tree(bucket, prefix, target):
                raise CannotRun(f"files: there is no object below {address}")
        except (ObsError, LocationError, OSError) as error:
            raise CannotRun(f"files: {address}: {error}") from error


def really_run(plan: Plan) -> list[int]:
    """The instances that have processes."""
    ordinals: list[int] = plan["ordinals"]
    return ordinals[:MAX_INSTANCES]


def stand_in(plan: Plan, ordinal: int) -> int:
    """The instance whose processes an instance has: its own, or those of one that runs in its place."""
    running = really_run(plan)
    place: int = plan["ordinals"].index(ordinal)
    return running[place % len(running)]


def group_key(deployment: Deployment, plan: Plan, ordinal: int, unit: int) -> GroupKey:
    """Where the processes of a unit are found: an instance of the same version is the same under any plan."""
    return deployment["id"], f"{plan['version_id']}/{ordinal}/{unit}"


def instance_name(deployment: Deployment, ordinal: int) -> str:
    """How an instance is called for as long as it is wanted."""
    return f"{deployment['name'].lower()}-{deployment['id'][:8]}-{ordinal}"


def ordinal_of(deployment: Deployment, plan: Plan, name: str) -> int | None:
    """The instance of that name."""
    return next((one for one in plan["ordinals"] if instance_name(deployment, one) == name), None)


def _mounts(config: Mapping[str, Any], unit: Unit) -> Iterator[Unit]:
    """Everything that is mounted: what the unit names, in the old fields too, and the model of its deployment."""
    mounts: Sequence[Unit] = [*unit.get("files", ()), *unit.get("models", ()), *unit.get("codes", ())]
    yield from (one for one in [*mounts, config.get("model", {})] if one.get("mount_path"))


def _relocated(text: str, mounts: Mapping[str, Unit], folder: Path) -> str:
    """Mount paths as they are on this machine. The longest goes first: one may lie inside another."""
    names = sorted((path.rstrip("/") for path in mounts if path.strip("/")), key=len, reverse=True)
    if not names:
        return text
    found = re.compile(rf"(?<![\w./-])({'|'.join(map(re.escape, names))})(?![\w.-])")
    return found.sub(lambda match: str(folder / match[1].lstrip("/")), text)


def _health(unit: Unit) -> Health:
    """What the unit's checks mean for a process. Without a readiness check it is ready when it listens."""
    readiness, startup = (_check(unit.get(name)) for name in ("readiness_health", "startup_health"))
    patience = max((check.patience for check in (readiness, startup) if check), default=LISTENS.initial_delay)
    return replace(readiness or LISTENS, initial_delay=patience)  # until then it is tried again and again


def _check(health: Unit | None) -> Health | None:
    if not health:
        return None
    is_command = health["check_method"] == "EXEC"
    url = str(health.get("url") or "/")
    return Health(
        url="" if is_command else "/" + url.lstrip("/"),
        command=health["cmd"] if is_command else "",
        period=health["period_seconds"],
        timeout=health["timeout_seconds"],
        threshold=health["failure_threshold"],
        initial_delay=health["initial_delay_seconds"],
    )
