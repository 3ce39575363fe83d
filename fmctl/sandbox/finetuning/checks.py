"""Whether a fine-tuning can be run, and what its job is completed with: asked when the job is created."""

from typing import Any

from fmctl.sandbox.account import Account
from fmctl.sandbox.finetuning.assets import BASE
from fmctl.sandbox.finetuning.request import OTHER_TRAIN_TYPES, SFT, TRAIN_TYPES, read_settings, variables
from fmctl.sandbox.finetuning.starting import find_start
from fmctl.sandbox.finetuning.tuning import OUTPUT, START
from fmctl.sandbox.training.checks import Fields, check_names, check_url, invalid, items, mapping
from fmctl.sandbox.wire import WireError, unsupported

SIGNS = ("train_type", "ftjob_config")
SPEC_SIGNS = ("asset_id", "asset_model", "output_model")
OWN_CODE = ("id", "code_dir", "boot_file", "command", "outputs", "parameters", "policies")


def wants_fine_tuning(body: Fields) -> bool:
    """Whether anything in a request says so."""
    return any(body.get(name) for name in SIGNS) or any(mapping(body, "spec").get(name) for name in SPEC_SIGNS)


def complete_fine_tuning(account: Account, body: Fields) -> Fields:
    """The algorithm of a request that is in order: its data, what it starts from, where it leaves its artifacts."""
    spec, algorithm = mapping(body, "spec"), mapping(body, "algorithm")
    body["train_type"] = _train_type(body.get("train_type") or SFT)
    asset_id = str(spec.get("asset_id") or "")
    if not asset_id:
        raise invalid(f"spec.asset_id is needed for fine-tuning: {BASE.id}, or the id of a published model.")
    if own := [name for name in OWN_CODE if algorithm.get(name)]:
        raise invalid(f"algorithm.{own[0]}: a fine-tuning job runs the code of the platform, and has inputs alone.")
    body["ftjob_config"] = _config(body, spec)
    inputs = [_input(account, item, at) for at, item in enumerate(items(algorithm, "inputs"))]
    if not inputs:
        raise WireError(400, "ModelArts.2753", "inputs: fine-tuning needs data.")
    check_names({"inputs": inputs}, "inputs")
    start = find_start(account, asset_id, body["ftjob_config"])
    output = _output(account, spec)
    _check_asset_model(mapping(spec, "asset_model"))
    started = [{"name": START, "remote": {"obs": {"obs_url": start}}}] if start else []
    outputs = [{"name": OUTPUT, "remote": {"obs": {"obs_url": output}}}]
    return {**algorithm, "inputs": [*inputs, *started], "outputs": outputs}


def _train_type(name: str) -> str:
    if name in OTHER_TRAIN_TYPES:
        raise unsupported(f"the sandbox's base model is trained by {', '.join(TRAIN_TYPES)}, not by {name}.")
    if name not in TRAIN_TYPES:
        raise invalid(f"train_type must be one of {', '.join((*TRAIN_TYPES, *OTHER_TRAIN_TYPES))}.")
    return name


def _config(body: Fields, spec: Fields) -> Fields:
    """ftjob_config with all variables of the template."""
    sent = mapping(body, "ftjob_config")
    try:
        settings = read_settings(body["train_type"], sent)
        envs = [variable.wire(value) for variable, value in variables(sent)]
    except ValueError as error:
        raise invalid(f"ftjob_config: {error}") from error
    known = {"save_checkpoints_max": settings.checkpoints, "skipped_steps": settings.skipped, "restore_training": 0}
    return {
        "model_type": BASE.model_type,
        **sent,
        "ft_train_type": body["train_type"],
        "train_output_path": mapping(mapping(spec, "output_model"), "obs").get("obs_path") or "",
        "task_env": {"envs": envs},
        "checkpoint_config": known | mapping(sent, "checkpoint_config"),
    }


def _input(account: Account, sent: Fields, at: int) -> Fields:
    """An input with a name and a place in OBS; a data set is a name and what it points to."""
    name, remote = sent.get("name") or f"data_{at}", mapping(sent, "remote")
    dataset = mapping(remote, "dataset")
    url = mapping(remote, "obs").get("obs_url") or dataset.get("obs_url")
    if dataset and not url:
        message = f"inputs: data set {dataset.get('name') or dataset.get('id')} not found: give its obs_url."
        raise WireError(400, "ModelArts.2783", message)
    if not 1 <= dataset.get("dataset_proportion", 100) <= 100:
        raise invalid(f"inputs {name}: dataset_proportion must be from 1 to 100.")
    if name == START or not url:
        raise WireError(400, "ModelArts.2753", f"inputs: {name} needs another name, or an obs_url.")
    check_url(f"inputs {name}", url, account.objects)
    return {**sent, "name": name, "remote": {**remote, "obs": {"obs_url": url}}}


def _output(account: Account, spec: Fields) -> str:
    url: Any = mapping(mapping(spec, "output_model"), "obs").get("obs_path")
    if not url:
        raise invalid("spec.output_model.obs.obs_path is needed for fine-tuning.")
    check_url("spec.output_model.obs.obs_path", url, account.objects)
    return str(url)


def _check_asset_model(asset: Fields) -> None:
    """What the model is to be called when it is published."""
    missing = [name for name in ("name", "version", "type") if asset and not asset.get(name)]
    if missing:
        raise invalid(f"spec.asset_model.{missing[0]} is needed.")
