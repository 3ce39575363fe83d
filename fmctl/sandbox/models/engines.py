"""The engines of models and their runtimes."""

from collections.abc import Mapping, Sequence

LEGACY = ("python3.6", "python3.7")

# Per engine, the one that the platform picks when none is named comes first.
RUNTIMES: Mapping[str, Sequence[str]] = {
    "TensorFlow": (
        "tensorflow_2.1.0-cuda_10.1-py_3.7-ubuntu_18.04-x86_64",
        "tensorflow_2.1.0-cpu-py_3.7",
        *LEGACY,
    ),
    "PyTorch": (
        "pytorch_1.8.0-cuda_10.2-py_3.7-ubuntu_18.04-x86_64",
        "pytorch_1.8.0-cpu-py_3.7",
        "pytorch_1.8.0-cpu-py_3.7-ubuntu_18.04-x86_64",
        "pytorch_1.11.0-cann_6.3.0-py_3.7-euler_2.8.3-aarch64",
        "pytorch_2.1.0-cann_7.0.0-py_3.9-euler_2.10.7-aarch64",
        *LEGACY,
    ),
    "MindSpore": (
        "mindspore_1.7.0-cpu-py_3.7-ubuntu_18.04-x86_64",
        "mindspore_1.7.0-cuda_10.1-py_3.7-ubuntu_18.04-x86_64",
        "mindspore_2.0.0-cann_6.3.0-py_3.7-euler_2.8.3-aarch64",
        "aarch64",
    ),
    "XGBoost": ("python3.6", "python3.7"),
    "Scikit_Learn": ("python3.6", "python3.7"),
    "Spark_MLlib": ("python3.6", "python3.7"),
    "MXNet": ("python3.6", "python3.7"),
    "Caffe": ("python3.6", "python3.7"),
}

# Those that the platform's list of runtimes knows; the others are understood as types of models all the same.
LISTED = frozenset({"TensorFlow", "PyTorch", "MindSpore", "XGBoost", "Scikit_Learn", "Spark_MLlib"})
