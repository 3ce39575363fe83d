"""How much each hyper-parameter mattered: the share of the variance of rewards that its values alone explain.

Trials are sorted into bins by a parameter's value. The share is the variance between the bins' means, weighed by their
sizes, over the variance of all (the correlation ratio). It is taken of many samples drawn from the trials with
replacement (Efron's bootstrap), so that it comes with a deviation: of few trials much is by chance.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from random import Random
from statistics import fmean, pstdev, pvariance

from fmctl.sandbox.autosearch.records import Trial
from fmctl.sandbox.autosearch.space import Parameter

SAMPLES = 200
FEWEST = 3
Pair = tuple[float, float]


def importance(parameters: Sequence[Parameter], trials: Sequence[Trial], reward: str) -> Mapping[str, Pair]:
    """Mean and standard deviation of each parameter's share; nothing while there are too few trials with a reward."""
    told = [(trial.point, value) for trial in trials if (value := trial.last(reward)) is not None]
    if len(told) < FEWEST:
        return {}
    return {one.name: _share([(point[at], value) for point, value in told], one) for at, one in enumerate(parameters)}


def _share(pairs: Sequence[Pair], parameter: Parameter) -> Pair:
    random = Random(parameter.name)  # noqa: S311 (seeded: the same trials always have the same analysis)
    bins = parameter.count or max(2, round(len(pairs) ** 0.5))
    binned = [(min(int(place * bins), bins - 1), value) for place, value in pairs]
    shares = [_explained(random.choices(binned, k=len(binned))) for _ in range(SAMPLES)]
    return fmean(shares), pstdev(shares)


def _explained(binned: Sequence[tuple[int, float]]) -> float:
    groups: dict[int, list[float]] = defaultdict(list)
    for group, value in binned:
        groups[group].append(value)
    total = pvariance([value for _, value in binned])
    if not total:
        return 0.0
    mean = fmean(value for _, value in binned)
    between = sum(len(values) * (fmean(values) - mean) ** 2 for values in groups.values()) / len(binned)
    return between / total
