"""The manifests of the chain: a run, its evaluation, the model of it, and the service of the model."""

from __future__ import annotations

PROJECT = "set: judge\n"
SECRETS = {"JUDGE_DB": "postgres://u:SECRETdbSECRET@h/d", "JUDGE_KEY": "SECRETkey-9f8e7d"}
"""Variables that manifests name, and whose values nobody but the platform may ever see."""

ONCE = (2, 1, 1)
"""Jobs, models and services of the chain."""

PRE = """\
apiVersion: fmctl/v1
kind: TrainingJob
metadata: {{name: pre}}
spec:
  description: first half
  algorithm: {{code: ./code, bootFile: train.py, engine: {{name: PyTorch, version: pt-2}}}}
  parameters: {{epochs: {epochs}, lr: 1e-4}}
  env: {{DB_URL: {{valueFrom: {{env: JUDGE_DB}}}}}}
  inputs: [{{name: data_url, from: obs://bkt/data/}}]
  outputs: [{{name: train_url, to: obs://bkt/out/}}]
  resources: {{flavor: modelarts.vm.cpu.8u}}
"""
EVALU = """\
apiVersion: fmctl/v1
kind: TrainingJob
metadata: {name: evalu}
spec:
  task: evaluate
  algorithm: {image: "org/img:1", command: "python /eval.py"}
  inputs: [{name: ckpt, jobRef: pre, output: train_url, path: model/}]
  outputs: [{name: score, to: obs://bkt/eval/}]
  resources: {flavor: modelarts.vm.cpu.8u}
"""
MODEL = """\
apiVersion: fmctl/v1
kind: ModelVersion
metadata: {{name: digits-1}}
spec:
  model: digits
  version: {version}
  type: PyTorch
  runtime: pytorch_1.8.0-cpu-py_3.7
  source: {{jobRef: pre, output: train_url}}
  requires: [evalu]
  adopt: {adopt}
"""
SERVICE = """\
apiVersion: fmctl/v1
kind: Service
metadata: {{name: digits}}
spec:
  description: {description}
  {more}
  models:
    - modelRef: digits-1
      weight: 100
      flavor: modelarts.vm.cpu.2u
      instances: {instances}
      env: {{MODE: {mode}, API_KEY: {{valueFrom: {{env: JUDGE_KEY}}}}}}
"""
SOLO = """\
apiVersion: fmctl/v1
kind: TrainingJob
metadata: {{name: solo}}
spec:
  description: {description}
  algorithm: {{code: ./code, bootFile: train.py, engine: {{name: PyTorch, version: pt-2}}}}
  parameters: {{epochs: {epochs}}}
  outputs: [{{name: train_url, to: obs://bkt/solo/}}]
  resources: {{flavor: modelarts.vm.cpu.8u}}
  {more}
"""


def chain(
    *,
    epochs: int = 1,
    version: str = "1.0.0",
    adopt: str = "false",
    instances: int = 1,
    mode: str = "fast",
    description: str = "a digit reader",
    more: str = "state: running",
) -> dict[str, str]:
    """The files of the whole chain; ``more`` is another field of the service."""
    return {
        "train.yaml": PRE.format(epochs=epochs),
        "eval.yaml": EVALU,
        "model.yaml": MODEL.format(version=version, adopt=adopt),
        "service.yaml": SERVICE.format(description=description, more=more, instances=instances, mode=mode),
    }


def solo(*, epochs: int = 1, description: str = "one", more: str = "state: running") -> dict[str, str]:
    """The file of a run that stands alone."""
    return {"solo.yaml": SOLO.format(epochs=epochs, description=description, more=more)}
