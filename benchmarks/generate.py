"""Writes N valid manifests of the three kinds, references resolved, for the other benchmarks.

    python -m benchmarks.generate 10000 DIRECTORY          one file per manifest
    python -m benchmarks.generate 10000 all.yaml           all in one file

60 % are TrainingJobs, 25 % ModelVersions, 15 % Services; a median one has about 65 leaves and 1.4 kB.
The same N and seed give the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import yaml

Manifest = dict[str, Any]
ENGINE = {"name": "PyTorch", "version": "pytorch_2.1.0-cann_7.0.0-py_3.9-euler_2.10.7-aarch64"}
TEAMS = ("vision", "speech", "language", "ranking", "search")


def manifests(count: int, seed: int = 1) -> Iterator[Manifest]:
    """``count`` manifests; every reference names one of them."""
    random = Random(seed)
    jobs = max(1, count * 60 // 100)
    services = count * 15 // 100
    versions = count - jobs - services
    for index in range(jobs):
        yield _job(index, random)
    for index in range(versions):
        yield _version(index, index % jobs, random)
    for index in range(services):
        yield _service(index, index % versions, random)


def _manifest(kind: str, name: str, random: Random, spec: Manifest) -> Manifest:
    labels = {"team": random.choice(TEAMS), "cost-center": f"cc-{random.randrange(1000):03}", "tier": "batch"}
    metadata = {"name": name, "labels": labels}
    return {"apiVersion": "fmctl/v1", "kind": kind, "metadata": metadata, "spec": spec}


def _hex(random: Random, digits: int) -> str:
    return hashlib.sha256(random.randbytes(8)).hexdigest()[:digits]


def _env(random: Random, count: int) -> Manifest:
    env: Manifest = {"LOG_LEVEL": "info", "DB_PASSWORD": {"valueFrom": {"env": "DB_PASSWORD"}}}
    return env | {f"SETTING_{index}": random.choice([True, 0.5, "plain", 17]) for index in range(count)}


def _job(index: int, random: Random) -> Manifest:
    name = f"job-{index:05}"
    bucket = f"obs://benchmark-{index % 7}"
    inputs: list[Manifest] = [
        {"name": f"data_{letter}", "from": f"{bucket}/data/{_hex(random, 16)}/"} for letter in "abc"
    ]
    if index % 3:
        previous = f"job-{index - 1:05}"
        inputs.append({"name": "pretrained", "jobRef": previous, "output": "model", "path": "model/"})
    spec = {
        "task": "finetune" if index % 3 else "train",
        "description": f"Run {index} on the split {_hex(random, 8)}",
        "algorithm": {"code": f"{bucket}/code/{_hex(random, 16)}/", "bootFile": "train.py", "engine": ENGINE},
        "parameters": {
            "epochs": random.randrange(1, 100),
            "lr": random.choice([0.01, 0.003, 1.5e-3]),
            "batch_size": 2 ** random.randrange(4, 10),
            "warmup": 0.05,
            "mixed_precision": True,
            "optimizer": "adamw",
            "data_version": _hex(random, 10) + "-x",
        }
        | {f"option_{number}": random.randrange(1000) for number in range(random.randrange(6, 16))},
        "env": _env(random, random.randrange(4, 10)),
        "inputs": inputs,
        "outputs": [
            {"name": "model", "to": f"{bucket}/out/{name}/model/"},
            {"name": "metrics", "to": f"{bucket}/out/{name}/metrics/"},
        ],
        "resources": {"flavor": "modelarts.vm.cpu.8u", "nodes": random.choice([1, 2, 4])},
        "logs": f"{bucket}/logs/",
        "maxDuration": f"{random.randrange(1, 48)}h",
        "retries": {"infra": 2, "user": 0},
        "onSpecChange": "runAfter",
        "rerun": str(random.randrange(5)),
    }
    return _manifest("TrainingJob", name, random, spec)


def _version(index: int, job: int, random: Random) -> Manifest:
    fields = [{"name": f"field_{number}", "type": "number", "maximum": 10} for number in range(14)]
    spec = {
        "model": f"model-{index // 50}",
        "version": f"{index % 50}.0.{random.randrange(10)}",
        "description": f"Trained by job {job}",
        "type": "PyTorch",
        "runtime": "pytorch_1.8.0-cpu-py_3.7",
        "source": {"jobRef": f"job-{job:05}", "output": "model", "path": "model/"},
        "requires": [f"job-{job:05}"],
        "config": {
            "apis": [{"protocol": "http", "url": "/", "method": "post", "request": fields}],
            "health": {"url": "/health", "protocol": "http", "init_delay_seconds": 30},
        },
        "deletionPolicy": "Delete",
    }
    return _manifest("ModelVersion", f"version-{index:05}", random, spec)


def _service(index: int, version: int, random: Random) -> Manifest:
    model = {"weight": 100, "flavor": "modelarts.vm.cpu.2u", "instances": random.randrange(1, 4)}
    spec = {
        "serviceName": f"Benchmark_{index}",
        "description": f"Serves version {version}",
        "state": "running",
        "models": [{"modelRef": f"version-{version:05}", **model, "env": _env(random, 40)}],
        "autoStop": "2h",
        "ignoreDifferences": ["spec.models[].instances"],
    }
    return _manifest("Service", f"service-{index:05}", random, spec)


def text(manifest: Manifest) -> str:
    """A manifest as YAML."""
    return yaml.dump(manifest, Dumper=yaml.CSafeDumper, sort_keys=False)


def write(count: int, target: Path) -> None:
    """Write to a file when ``target`` has a suffix, else one file per manifest into it."""
    if target.suffix:
        target.write_text("---\n".join(map(text, manifests(count))), encoding="utf-8")
        return
    target.mkdir(parents=True, exist_ok=True)
    for manifest in manifests(count):
        name = manifest["metadata"]["name"]
        (target / f"{name}.yaml").write_text(text(manifest), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", type=int)
    parser.add_argument("target", type=Path)
    options = parser.parse_args()
    write(options.count, options.target)


if __name__ == "__main__":
    main()
