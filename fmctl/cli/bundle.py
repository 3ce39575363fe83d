"""Options that travel together: a command takes them as one dataclass, and typer sees each of them."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterator
from functools import wraps
from inspect import Parameter
from typing import Any, get_type_hints


def spread(command: Callable[..., Any]) -> Callable[..., Any]:
    """``command``, whose first parameter is a dataclass, with the fields of it as parameters of their own."""
    signature = inspect.signature(command, eval_str=True)
    first, *rest = signature.parameters.values()
    parameters = [*_fields(first.annotation), *rest]
    names = [field.name for field in dataclasses.fields(first.annotation)]

    @wraps(command)
    def called(**given: Any) -> Any:
        bundle = first.annotation(**{name: given.pop(name) for name in names})
        return command(bundle, **given)

    called.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    called.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return called


def _fields(bundle: Any) -> Iterator[Parameter]:
    types = get_type_hints(bundle, include_extras=True)
    for field in dataclasses.fields(bundle):
        yield Parameter(
            field.name, Parameter.POSITIONAL_OR_KEYWORD, default=field.default, annotation=types[field.name]
        )
