"""Compare: the fields that differ, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmctl.compare import differences
from fmctl.domain.values import agrees

keys = st.text("abcdefg", min_size=1, max_size=3)
scalars = st.none() | st.booleans() | st.integers(-3, 3) | st.text("xyz.[]'\"", max_size=3)
values = st.recursive(scalars, lambda inner: st.dictionaries(keys, inner, max_size=3) | st.lists(inner, max_size=3))
specs = st.dictionaries(keys, values, max_size=4)


@given(specs)
def test_a_spec_does_not_differ_from_itself(spec: dict[str, Any]) -> None:
    """What is equal has no differences."""
    assert () == differences(spec, spec)


@given(specs, specs)
def test_there_are_differences_exactly_where_live_does_not_agree(live: dict[str, Any], desired: dict[str, Any]) -> None:
    """The list of fields and the yes or no come to one result."""
    assert agrees(live, desired) is (not differences(live, desired))


@given(specs, specs)
def test_what_only_the_server_has_is_not_compared(live: dict[str, Any], more: dict[str, Any]) -> None:
    """The server fills in a lot that nobody declared."""
    desired = {key: value for key, value in live.items() if key not in more}

    assert () == differences({**live, **more}, desired)


@given(specs, specs)
def test_differences_are_in_the_order_of_their_paths(live: dict[str, Any], desired: dict[str, Any]) -> None:
    """Two looks at the same pair give the same list, sorted, each path once."""
    found = differences(live, desired)
    paths = [field.path for field in found]

    assert found == differences(live, desired)
    assert sorted(paths) == paths
    assert all(path.startswith("spec.") for path in paths)


@given(specs, keys, scalars, scalars)
def test_one_change_is_one_field(spec: dict[str, Any], key: str, before: Any, after: Any) -> None:
    """A field that was set otherwise shows with both values, and alone."""
    live, desired = {**spec, key: before}, {**spec, key: after}
    expected = [] if before == after else [(f"spec.{key}", before, after)]

    assert expected == [tuple(field) for field in differences(live, desired)]


@pytest.mark.parametrize(
    ("live", "desired", "expected"),
    [
        ({"a": 1}, {"a": 1.0}, []),
        ({}, {"a": 1}, [("spec.a", None, 1)]),
        ({"a": 1}, {}, []),
        (
            {"m": [{"w": 50}, {"w": 50}]},
            {"m": [{"w": 90}, {"w": 10}]},
            [("spec.m[0].w", 50, 90), ("spec.m[1].w", 50, 10)],
        ),
        ({"m": [{"w": 1}]}, {"m": [{"w": 1}, {"w": 2}]}, [("spec.m[1]", None, {"w": 2})]),
        ({"m": [{"w": 1}, {"w": 2}]}, {"m": [{"w": 1}]}, [("spec.m[1]", {"w": 2}, None)]),
        ({"env": {"A": "x"}}, {"env": {"A": None}}, [("spec.env.A", "x", None)]),
        ({"env": {}}, {"env": {"A": None}}, []),
    ],
)
def test_a_field_shows_by_its_path(live: Any, desired: Any, expected: list[Any]) -> None:
    """Paths read as users write them; what is absent on one side is None there."""
    assert expected == [tuple(field) for field in differences(live, desired)]
