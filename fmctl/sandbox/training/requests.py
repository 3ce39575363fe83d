"""Of which type each field is that a request about training may have."""

from collections.abc import Mapping

from fmctl.sandbox.shapes import Kind, Shape

TEXT, INTEGER, NUMBER, SWITCH, TEXTS, ANY = Kind.TEXT, Kind.INTEGER, Kind.NUMBER, Kind.SWITCH, Kind.TEXTS, Kind.ANY


def _texts(*names: str) -> dict[str, Shape]:
    return dict.fromkeys(names, TEXT)


EXPERIMENT: Shape = _texts("id", "name", "description", "workspace_id")
PARAMETER: Shape = {
    **_texts("name", "description"),
    "value": ANY,  # becomes text, whatever it is
    "constraint": {
        **_texts("type", "valid_type"),
        **dict.fromkeys(("editable", "required", "sensitive"), SWITCH),
        "valid_range": [TEXT],
    },
    "i18n_description": _texts("language", "description"),
}
ENGINE: Shape = {
    **_texts("engine_id", "engine_name", "engine_version", "image_url", "image_repo_id"),
    "install_sys_packages": SWITCH,
}
REMOTE: Shape = {
    "obs": _texts("obs_url"),
    "dataset": {**_texts("id", "version_id", "obs_url", "service_type", "name"), "dataset_proportion": INTEGER},
}
CHANNEL: Mapping[str, Shape] = {**_texts("name", "description", "local_dir", "access_method"), "remote": REMOTE}
SOURCE: Mapping[str, Shape] = {
    **_texts("code_dir", "boot_file", "command", "local_code_dir", "working_dir"),
    "engine": ENGINE,
    "parameters": [PARAMETER],
    "environments": TEXTS,
}
FT_JOB: Shape = {
    **_texts("ft_job_uuid", "ft_train_type", "model_type", "train_output_path", "checkpoint_id"),
    "train_process": NUMBER,
    "task_env": {
        "envs": [
            {
                **_texts("label", "des", "env_name", "env_type", "value"),
                **dict.fromkeys(("modifiable", "displayable"), SWITCH),
                "used_steps": [TEXT],
            }
        ]
    },
    "checkpoint_config": {
        "checkpoint_id": TEXT,
        **dict.fromkeys(("save_checkpoints_max", "skipped_steps", "restore_training"), INTEGER),
    },
}
ASSET_MODEL: Shape = _texts("name", "version", "type", "code", "desc", "series", "model_desc", "parent_asset_id")
SSH: Shape = {"ssh": {"key_pair_names": [TEXT]}}
NOTIFICATION: Shape = {"topic_urn": TEXT, "events": [TEXT]}
REQUIREMENT: Shape = {**_texts("key", "operator"), "values": [TEXT]}
NODE_TERM: Shape = {"matchExpressions": [REQUIREMENT], "matchFields": [REQUIREMENT]}
SCHEDULE: Shape = {
    "priority": INTEGER,
    "preemptible": SWITCH,
    "required_affinity": {
        **_texts("affinity_type", "job_level", "affinity_group_level"),
        "affinity_group_size": INTEGER,
        "node_affinity": {"nodeSelectorTerms": [NODE_TERM]},
    },
    "preferred_affinity": {"node_affinity": [{"weight": INTEGER, "preference": NODE_TERM}]},
}
DURATION: Shape = {"time_unit": TEXT, "duration": INTEGER}

AUTO_SEARCH: Shape = {
    "skip_search_params": TEXT,
    "reward_attrs": [_texts("name", "mode", "regex")],
    "search_params": [
        {
            **_texts("name", "param_type", "lower_bound", "upper_bound", "discrete_points_num"),
            "discrete_values": [TEXT],
        }
    ],
    "algo_configs": [{"name": TEXT, "params": [_texts("key", "value", "type")]}],
}
SEARCH_LISTS = ("reward_attrs", "search_params", "algo_configs")

JOB: Shape = {
    **_texts("kind", "train_type"),
    "tasks": ANY,
    "ftjob_config": FT_JOB,
    "metadata": {
        **_texts("name", "description", "workspace_id"),
        "annotations": TEXTS,
        "training_experiment_reference": EXPERIMENT,
    },
    "algorithm": {
        **_texts("id", "name", "subscription_id", "item_version_id"),
        **_texts("autosearch_config_path", "autosearch_framework_path"),
        **SOURCE,
        "policies": {"auto_search": AUTO_SEARCH},
        "inputs": [{**CHANNEL, "remote_constraint": [_texts("data_type", "attributes")]}],
        "outputs": [CHANNEL],
        "summary": {
            "log_type": TEXT,
            "log_dir": {"pfs": _texts("pfs_path")},
            "data_sources": [{"job": _texts("job_id"), "nfs": _texts("nfs_path")}],
        },
    },
    "spec": {
        "runtime_type": TEXT,
        "asset_id": TEXT,
        "asset_model": ASSET_MODEL,
        "output_model": {"obs": _texts("obs_path", "local_path")},
        "resource": {
            **_texts("flavor_id", "pool_id", "pool_group_id"),
            "node_count": INTEGER,
            "main_container_customized_flavor": dict.fromkeys(("cpu_core_num", "mem_size", "accelerator_num"), NUMBER),
        },
        "volumes": [
            {
                "nfs": {**_texts("nfs_server_path", "local_path"), "read_only": SWITCH},
                "pfs": _texts("pfs_path", "local_path"),
                "obs": _texts("obs_path", "local_path"),
            }
        ],
        "log_export_path": _texts("obs_url", "host_path"),
        "log_export_config": {"version": TEXT, "rotation_enabled": SWITCH},
        "auto_stop": DURATION,
        "reserved_time": DURATION,
        "retention": _texts("policy"),
        "schedule_policy": SCHEDULE,
        "notification": NOTIFICATION,
        "custom_metrics": [{"exec": {"command": [TEXT]}, "http_get": {"path": TEXT, "port": INTEGER}}],
    },
    "endpoints": SSH,
}
UPDATE: Shape = {
    "description": TEXT,
    "spec": {"notification": NOTIFICATION, "schedule_policy": {"priority": INTEGER, "preemptible": SWITCH}},
    "endpoints": SSH,
    "metadata": {"annotation": TEXTS},
}
ALGORITHM: Shape = {
    "metadata": {**_texts("name", "description", "workspace_id"), "tags": [_texts("key", "value")]},
    "job_config": {
        **SOURCE,
        "parameters_customization": SWITCH,
        "inputs": [{**CHANNEL, "remote_constraints": [{"data_type": TEXT}]}],
        "outputs": [CHANNEL],
    },
    "resource_requirements": [{**_texts("key", "operator"), "values": [TEXT]}],
    "advanced_config": {"auto_search": {**_texts("skip_search_params"), **dict.fromkeys(SEARCH_LISTS, ANY)}},
}
