"""What the sandbox consists of: the routes of each file in `api/`, and the components that live behind them."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from fmctl.sandbox.api import iam
from fmctl.sandbox.wire import Route

if TYPE_CHECKING:
    from fmctl.sandbox.sandbox import Component, Sandbox

ROUTES: Sequence[Route] = (*iam.ROUTES,)

COMPONENTS: Sequence[Callable[["Sandbox"], "Component"]] = ()
