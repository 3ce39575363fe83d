"""Templates of models: an engine with the one input that it needs, the OBS folder of a model package."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Template:
    """A way to import a model without naming an engine of one's own."""

    template_id: str
    name: str
    description: str
    engine: str
    input_id: str
    arch: str = "x86_64"


TEMPLATES: Mapping[str, Template] = {
    template.template_id: template
    for template in (
        Template("100001", "TensorFlow-py37", "General template of TensorFlow", "TensorFlow", "tensorflow_folder"),
        Template("100002", "PyTorch-py37", "General template of PyTorch", "PyTorch", "pytorch_folder"),
        Template("100003", "MindSpore-py37", "General template of MindSpore", "MindSpore", "mindspore_folder"),
        Template(
            "100004", "XGBoost-Sklearn-py37", "General template of Scikit_Learn", "Scikit_Learn", "sklearn_folder"
        ),
    )
}
