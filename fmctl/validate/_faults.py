"""The errors of jsonschema, as far as explaining needs them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, cast

from jsonschema import Draft202012Validator, ValidationError

from fmctl.domain.resource import Path

Schema = Mapping[str, Any]


class Fault(NamedTuple):
    """One keyword that one value does not satisfy."""

    path: Path
    keyword: str
    wants: Any
    """What the keyword says."""
    value: Any
    schema: Schema
    """The node that the keyword stands in."""
    of_name: bool
    """The value is a key, refused by ``propertyNames``, and the path is the map's."""
    branches: dict[int, list[Fault]]
    """Of ``oneOf`` and ``anyOf``: why each branch is not satisfied."""

    @property
    def message(self) -> str | None:
        """The schema's own words."""
        return self.schema.get("x-message")

    @property
    def hint(self) -> str | None:
        """The schema's own advice."""
        return self.schema.get("x-hint")


def faults(value: Any, schema: Schema) -> Iterator[Fault]:
    """Everything that the schema objects to."""
    return map(_fault, Draft202012Validator(schema).iter_errors(value))


def _fault(error: ValidationError) -> Fault:
    branches: defaultdict[int, list[Fault]] = defaultdict(list)
    for inner in error.context or ():
        branches[cast(int, inner.schema_path[0])].append(_fault(inner))
    return Fault(
        path=tuple(error.absolute_path),
        keyword=str(error.validator),
        wants=error.validator_value,
        value=error.instance,
        schema=error.schema if isinstance(error.schema, Mapping) else {},
        of_name="propertyNames" in error.absolute_schema_path and isinstance(error.instance, str),
        branches=dict(branches),
    )
