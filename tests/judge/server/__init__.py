"""A strict ModelArts, IAM and OBS in memory, written from the published reference alone.

It imports nothing of fmctl, the sandbox included: an error there cannot be repeated here.
"""

from .account import ACCOUNT
from .judge import CREATIONS, Judge

__all__ = ["ACCOUNT", "CREATIONS", "Judge"]
