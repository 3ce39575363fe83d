"""The sandbox as a whole: an account with all its parts, and the application through which it is reached."""

from collections.abc import Callable, Sequence
from pathlib import Path

from fmctl.sandbox import parts
from fmctl.sandbox.account import Account, Component
from fmctl.sandbox.app import Application
from fmctl.sandbox.clock import Clock
from fmctl.sandbox.runner import Runner


class Sandbox(Account):
    """An account that answers requests."""

    def __init__(
        self,
        state_dir: Path,
        *,
        clock: Clock | None = None,
        wall: Clock | None = None,
        runner: Runner | None = None,
        jobs_at_once: int | None = None,
        require_authorization: bool = False,
        components: Sequence[Callable[[Account], Component]] = parts.COMPONENTS,
    ) -> None:
        super().__init__(
            state_dir,
            components=components,
            clock=clock,
            wall=wall,
            runner=runner,
            jobs_at_once=jobs_at_once,
            require_authorization=require_authorization,
        )
        self.wsgi = Application(self, parts.ROUTES)
