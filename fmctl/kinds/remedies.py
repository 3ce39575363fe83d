"""What to do about a run that has not ended as wanted, as far as its phase, its message and its log tell."""

from __future__ import annotations

import re
from collections.abc import Mapping

from fmctl.domain.live import Live
from fmctl.domain.values import span

AGAIN = "change `rerun` to run it again"
_SIGNS: Mapping[str, str] = {
    r"ModuleNotFoundError: No module named '([^']+)'": (
        "there is no module {0} where it runs: take an image that has it, or bring it in the code folder; "
        "in the sandbox, install it beside fmctl"
    ),
    r"error: unrecognized arguments": (
        "parameters, inputs and outputs arrive as arguments: let the program take them, or ignore what it does not know"
    ),
    r"error: the following arguments are required: (.+)": (
        "declare {0} as a parameter, an input or an output, by the name without the dashes"
    ),
    r"FileNotFoundError: .*'([^']+)'": (
        "there is no {0} where it ran: inputs are at the paths that arrive as arguments, and code beside the program"
    ),
    r"(?i)out of memory|MemoryError|exited with 137\b": (
        "it wanted more memory than there is: take larger resources, or smaller batches"
    ),
}
"""By what is found in a run's message or the end of its log; the first that fits counts."""


def timed_out(live: Live) -> bool:
    """Whether a terminated run had used up its ``maxDuration`` (auto_stop), give or take the platform's clock."""
    limit = live.facts.get("autoStop", 0)
    return live.phase == "Terminated" and bool(limit) and live.duration / 1000 >= limit * 0.98


def ended(live: Live) -> str:
    """How a run ended, in words."""
    if timed_out(live):
        return f"{live.phase}, its maxDuration of {span(live.facts['autoStop'])} was over"
    return f"{live.phase}: {live.message}" if live.message else live.phase


def remedy(live: Live, log: str) -> str:
    """What to do next."""
    if timed_out(live):
        return f"raise maxDuration and {AGAIN}: the limit is no part of the content"
    if live.phase in ("Terminated", "Abnormal"):
        return AGAIN
    for sign, words in _SIGNS.items():
        found = re.findall(sign, f"{live.message}\n{log}")
        if found:
            return words.format(found[-1])
    return f"correct the code, or {AGAIN}"
