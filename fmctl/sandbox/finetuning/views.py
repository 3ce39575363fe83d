"""What the API shows of a fine-tuning: its detail, its curves, its artifacts."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from fmctl.sandbox.finetuning.assets import BASE
from fmctl.sandbox.finetuning.records import FINAL, Artifact, Progress
from fmctl.sandbox.finetuning.starting import Left
from fmctl.sandbox.finetuning.tuning import START
from fmctl.sandbox.store import Document
from fmctl.sandbox.training.times import local

UNPUBLISHED = "unpublished"
Point = tuple[int, float]


def metrics(progress: Progress, now: float) -> Document:
    """The curves, in the platform's form for its charts and as plain columns."""
    curves = (
        ("train_loss", "训练损失", "training", "mean cross entropy of what is learned", progress.loss),
        ("eval_loss", "验证损失", "validation", "mean cross entropy of what was held out", progress.eval_loss),
    )
    return {
        "loss": _columns(progress.loss),
        "eval_loss": _columns(progress.eval_loss),
        "training_info": training_info(progress),
        "train_process": progress.percent,
        "data": {
            "format_version": "1.0",
            "timestamp": datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "metrics": [_metric(*curve) for curve in curves if curve[-1]],
        },
    }


def training_info(progress: Progress) -> Document:
    """How far it is, and how long it may still take."""
    return {
        "steps": progress.steps,
        "total_steps": progress.total,
        "elapsed_seconds": round(progress.seconds, 3),
        "remaining_seconds": round(progress.remaining, 3),
    }


def detail(record: Document, progress: Progress, start: Left | None, now: float) -> Document:
    """All about the job as one object; what the sandbox has not (a marketplace, capabilities) is empty."""
    job: Document = record["job"]
    config, asset = job["ftjob_config"], job["spec"].get("asset_model") or {}
    return {
        **{name: job[name] for name in ("metadata", "spec", "status", "train_type")},
        **_task(record, now),
        **_asset(job, asset),
        **_where(job),
        "model_type": config["model_type"],
        "checkpoint_config": json.dumps(config["checkpoint_config"]),
        "task_parameters": json.dumps(config["task_env"]["envs"], ensure_ascii=False),
        "train_process": progress.percent,
        "training_info": json.dumps(training_info(progress)),
        "train_output_path": config["train_output_path"],
        "datasets_config": [_dataset(item) for item in job["algorithm"]["inputs"] if item["name"] != START],
        **({"continue_task": _continued(start, config)} if start else {}),
    }


def artifact(
    one: Artifact, record: Document, *, best: bool, published: Document, tasks: Sequence[Document]
) -> Document:
    """One artifact; `published` is the model that was made of it, `tasks` the jobs that went on from it."""
    return {
        "artifact_type": one.type,
        "is_best": best,
        "artifact_id": one.id,
        "continue_train_nums": len(tasks),
        "asset_id": published.get("model_id", ""),
        "asset_name": published.get("model_name", ""),
        "status": published.get("model_status", UNPUBLISHED),
        "epoch": one.epoch,
        "steps": one.steps,
        "loss": one.loss,
        "create_time": local(record["started_at"] + one.seconds),
        "publish_error_msg": published.get("error_msg", ""),
        "task_infos": [_task_info(task, one) for task in tasks],
    }


def default_name(record: Document, one: Artifact) -> str:
    """What a model is called when nobody says: its source, the kind of training, the time."""
    job = record["job"]
    asset = job["spec"].get("asset_model") or {}
    stamp = datetime.fromtimestamp(record["started_at"] + one.seconds, UTC).strftime("%Y%m%d%H%M%S")
    suffix = "" if one.type == FINAL else f"-{one.steps}"
    return f"{asset.get('name') or BASE.name}-{job['train_type']}-{stamp}{suffix}"


def _columns(points: Sequence[Point]) -> Document:
    return {"step": [step for step, _ in points], "value": [value for _, value in points]}


def _metric(name: str, chinese: str, group: str, text: str, points: Sequence[Point]) -> Document:
    return {
        "name_cn": chinese,
        "name_en": name,
        "des_en": text,
        "des_cn": chinese,
        "type": "line",
        "group": group,
        "group_by": [],
        "x_axis": "step",
        "tags": ["loss"],
        "unit": "nat",
        "data": [{"step": step, "value": value} for step, value in points],
    }


def _task(record: Document, now: float) -> Document:
    metadata = record["job"]["metadata"]
    cost = now - record["started_at"] if record["started_at"] else 0
    ended = record["job"]["status"]["duration"]
    return {
        "task_id": metadata["id"],
        "task_name": metadata["name"],
        "task_desc": metadata["description"],
        "create_time": metadata["create_time"],
        "update_time": round(record["since"] * 1000),
        "train_cost_time": ended or round(cost * 1000),
        "workspace_id": metadata["workspace_id"],
        "user_id": record["user_id"],
        "user_name": metadata["user_name"],
    }


def _asset(job: Document, asset: Mapping[str, Any]) -> Document:
    return {
        "model_asset_id": job["spec"]["asset_id"],
        "model_source": "sandbox",
        "asset_code": asset.get("code") or "",
        "asset_name": asset.get("name") or "",
        "asset_desc": asset.get("desc") or "",
        "asset_series": asset.get("series") or BASE.series,
        "asset_version": asset.get("version") or "",
        "asset_type": asset.get("type") or "",
        "root_asset_id": BASE.id,
        "asset_capabilities": [],
    }


def _where(job: Document) -> Document:
    resource = job["spec"]["resource"]
    return {
        "pool_type": "dedicate" if resource.get("pool_id") else "public",
        "pool_id": resource.get("pool_id") or "",
        "pool_node_count": str(resource["node_count"]),
        "flavor_id": resource["flavor_id"],
        "priority": job["spec"]["schedule_policy"]["priority"],
    }


def _dataset(channel: Document) -> Document:
    dataset = channel["remote"].get("dataset") or {}
    return {
        "dataset_name": dataset.get("name") or channel["name"],
        "dataset_source": "datamng" if dataset else "OBS",
        "dataset_id": dataset.get("id") or "",
        "used_step": "train",
        "dataset_proportion": dataset.get("dataset_proportion") or 100,
    }


def _continued(start: Left, config: Document) -> Document:
    return {
        "checkpoint_id": start.artifact.id,
        "source_model_id": start.record["job"]["spec"]["asset_id"],
        "source_model_name": start.record["job"]["metadata"]["name"],
        "epoch": start.artifact.epoch,
        "steps": start.artifact.steps,
        "skipped_steps": config["checkpoint_config"]["skipped_steps"],
    }


def _task_info(record: Document, one: Artifact) -> Document:
    job = record["job"]
    config = job["ftjob_config"]["checkpoint_config"]
    return {
        "checkpoint_id": one.id,
        "continue_task_id": job["metadata"]["id"],
        "continue_task_name": job["metadata"]["name"],
        "continue_train_type": job["train_type"],
        "skipped_steps": config["skipped_steps"],
        "restore_training": config["restore_training"],
        "create_time": local(job["metadata"]["create_time"] / 1000),
        "checkpoint_config": json.dumps(config),
    }
