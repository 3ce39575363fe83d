"""Decides what a model gets as `model_path`."""

from __future__ import annotations

from pathlib import Path

# Engines whose models are one file; the others are handed the folder.
FILE_ENGINES = frozenset({"PyTorch", "Scikit_Learn", "XGBoost", "Spark_MLlib"})

# Which file is the model when there are several, the likeliest first. A file of any other kind comes last.
SUFFIXES = (".pth", ".pt", ".pkl", ".pickle", ".joblib", ".m", ".bst", ".npz", ".npy", ".onnx", ".safetensors", ".bin")

NOT_WEIGHTS = frozenset({"config.json", "customize_service.py"})


def model_path(folder: Path, model_type: str) -> Path:
    """The weights file for the engines that take one (the folder, if there is no such file), else the folder."""
    if model_type not in FILE_ENGINES:
        return folder
    files = [entry for entry in folder.iterdir() if entry.is_file() and _may_be_weights(entry)]
    return min(files, key=_likelihood, default=folder)


def _may_be_weights(entry: Path) -> bool:
    return entry.name not in NOT_WEIGHTS and entry.suffix != ".py" and not entry.name.startswith(".")


def _likelihood(entry: Path) -> tuple[int, str]:
    suffix = entry.suffix.lower()
    rank = SUFFIXES.index(suffix) if suffix in SUFFIXES else len(SUFFIXES)
    return rank, entry.name
