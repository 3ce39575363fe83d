"""A ModelArts on this machine: it speaks the published wire format, really runs jobs and stores objects.

It imports nothing from the rest of fmctl, so that a mistake about the wire format cannot be made on both sides at once.
Start reading at `sandbox.py` (what there is), `app.py` (the way of a request) and `api/` (one file per resource).
"""

from fmctl.sandbox.account import Component
from fmctl.sandbox.clock import Clock, SystemClock, VirtualClock
from fmctl.sandbox.runner import ScriptedRunner
from fmctl.sandbox.sandbox import Sandbox

__all__ = ["Clock", "Component", "Sandbox", "ScriptedRunner", "SystemClock", "VirtualClock"]
