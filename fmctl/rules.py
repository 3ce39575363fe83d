"""Every rule that a manifest can break, by the code that its problem carries."""

from __future__ import annotations

from collections.abc import Mapping

from fmctl import load, validate

_OF_KINDS: Mapping[str, str] = {
    "FM0301": "maxDuration is whole hours: the platform counts no smaller unit.",
    "FM0302": "On a pool more than one node needs whole nodes: devices is 8.",
    "FM0303": "priority works on a dedicated pool only.",
    "FM0304": "A description leaves room for the marker that fmctl puts at its end.",
    "FM0305": "Two outputs of one job go to different addresses.",
    "FM0306": "A reference to an output names one that the job declares.",
    "FM0307": "Inputs and outputs of one job have different names, volumes different paths.",
    "FM0308": "A model and version is declared by one manifest.",
    "FM0309": "A ModelVersion of type Image has source.image.",
    "FM0310": "The platform forbids & ! ' \" < > = + in the descriptions of models and services.",
    "FM0311": "The weights of a service's models sum to 100.",
    "FM0312": "autoStop is whole minutes.",
    "FM0313": "resources of a service's model need a pool; without one it has a flavor.",
    "FM0314": "Every live name of a service is declared by one manifest.",
    "FM0315": "A service names each model version once.",
    "FM0316": "The models of one service are versions of one model.",
}
_OF_RESOLVING: Mapping[str, str] = {
    "FM0401": "References form no cycle.",
    "FM0402": "Local folders can be read, and no link in them leads out of them.",
}
RULES: Mapping[str, str] = {**load.RULES, **validate.RULES, **_OF_KINDS, **_OF_RESOLVING}
