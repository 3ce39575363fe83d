"""Manifests in short, for tests that turn them into resources."""

from __future__ import annotations

from typing import Any

import yaml
from world import SET

from fmctl.domain.resource import Resource, ResourceId
from fmctl.kinds import KINDS
from fmctl.load import load_text
from fmctl.resolve import resolve
from fmctl.validate import validate

Manifest = dict[str, Any]
ENGINE = {"name": "PyTorch", "version": "pytorch_2.1.0-cann_7.0.0-py_3.9-euler_2.10.7-aarch64"}


def job(name: str = "train", **spec: Any) -> Manifest:
    """A TrainingJob; a value of None removes a field."""
    known = {
        "algorithm": {"code": "obs://fmctl-demo/code/", "bootFile": "train.py", "engine": ENGINE},
        "outputs": [{"name": "train_url", "to": "obs://fmctl-demo/out/"}],
        "resources": {"flavor": "modelarts.vm.cpu.2u"},
    }
    return _manifest("TrainingJob", name, known | spec)


def model(name: str = "digits-1-0-0", **spec: Any) -> Manifest:
    """A ModelVersion whose version is in its name."""
    version = ".".join(name.rsplit("-", 3)[-3:])
    known = {"model": "digits", "version": version, "type": "PyTorch", "source": {"from": "obs://fmctl-demo/digits/"}}
    return _manifest("ModelVersion", name, known | spec)


def service(name: str = "digits", *models: Manifest, **spec: Any) -> Manifest:
    """A Service of one model, or of those that are given."""
    one = {"modelRef": "digits-1-0-0", "weight": 100, "flavor": "modelarts.vm.cpu.2u"}
    return _manifest("Service", name, {"models": list(models) or [one]} | spec)


def _manifest(kind: str, name: str, spec: Manifest) -> Manifest:
    given = {key: value for key, value in spec.items() if value is not None}
    return {"apiVersion": "fmctl/v1", "kind": kind, "metadata": {"name": name}, "spec": given}


def resources(*manifests: Manifest | str, file: str = "<stdin>") -> tuple[Resource, ...]:
    """What the manifests declare, through the real stages: load, validate, resolve."""
    texts = [text if isinstance(text, str) else yaml.safe_dump(text, sort_keys=False) for text in manifests]
    return resolve(validate(load_text("\n---\n".join(texts), file), KINDS, set_name=SET), KINDS)


def resource(*manifests: Manifest | str, file: str = "<stdin>") -> Resource:
    """The one that was asked for: the last manifest's."""
    last = manifests[-1] if isinstance(manifests[-1], dict) else yaml.safe_load(manifests[-1])
    wanted = ResourceId(last["kind"], last["metadata"]["name"])
    return next(found for found in resources(*manifests, file=file) if found.id == wanted)
