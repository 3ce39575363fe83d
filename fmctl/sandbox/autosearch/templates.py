"""YAML templates of searches, in the form in which ModelArts has them.

The sandbox itself searches as a job's `policies.auto_search` says and reads no YAML; a template says the same there.
"""

from fmctl.sandbox.autosearch.catalog import ALGORITHMS, SearchAlgorithm

KIND = "hpo"
KIND_ZH = "超参优化"
GENERAL = """\
general:
  instance_per_trial: 1
  cpu_per_instance: 1
"""
INTERVAL = """
search_space:
  - params:
    - type: continuous_param
      name: learning_rate
      start: 0.001
      stop: 0.1
    - type: discrete_param
      name: batch_size
      values: [16, 32, 64]
"""
VALUES = """
search_space:
  - params:
    - type: discrete_param
      name: learning_rate
      values: [0.001, 0.01, 0.1]
    - type: discrete_param
      name: batch_size
      values: [16, 32, 64]
"""


def template(name: str) -> str | None:
    """The template of this name."""
    found = next((algorithm for algorithm in ALGORITHMS if algorithm.template == name), None)
    return _render(found) if found else None


def _render(algorithm: SearchAlgorithm) -> str:
    settings = [f"  {name}: {value}" for name, value in algorithm.settings]
    head = f"\nsearch_algorithm:\n  type: {algorithm.name}\n  max_concurrent: 1\n  reward_attr: accuracy\n  mode: max\n"
    space = INTERVAL if algorithm.settings else VALUES
    return GENERAL + space + head + "".join(f"{line}\n" for line in settings) + "\nscheduler:\n  type: FIFOScheduler\n"
