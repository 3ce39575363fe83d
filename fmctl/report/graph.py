"""The dependency graph of a set, as an outline, for Mermaid and for Graphviz."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from fmctl.domain.resource import Resource, ResourceId

Notes = Mapping[ResourceId, str]
"""What to say about a resource beside its address, such as its health."""


def graph_text(resources: Sequence[Resource], notes: Notes) -> str:
    """An outline: what nothing needs, and below each resource what it needs; repeated parts are told once."""
    needs = {resource.id: resource.needs for resource in resources}
    needed = {id for ids in needs.values() for id in ids}
    roots = [id for id in sorted(needs) if id not in needed]
    return "\n".join(_outline(roots, needs, notes))


def _outline(
    roots: Sequence[ResourceId], needs: Mapping[ResourceId, Sequence[ResourceId]], notes: Notes
) -> Iterator[str]:
    """Depth first, without recursion: chains may be long."""
    todo = [(id, "", "") for id in reversed(roots)]
    told: set[ResourceId] = set()
    while todo:
        id, lead, rest = todo.pop()
        below = needs.get(id, ())
        again = id in told and bool(below)
        yield lead + _label(id, notes) + (" (above)" if again else "")
        told.add(id)
        if not again:
            last = len(below) - 1
            arms = [("└── ", "    ") if index == last else ("├── ", "│   ") for index in range(len(below))]
            pairs = list(zip(below, arms, strict=True))
            todo.extend((need, rest + arm, rest + pipe) for need, (arm, pipe) in reversed(pairs))


def graph_mermaid(resources: Sequence[Resource], notes: Notes) -> str:
    """For a code block in Markdown; arrows go from what is made first to what needs it."""
    numbers = _numbers(resources)
    nodes = [f'  n{number}["{_label(id, notes)}"]' for id, number in numbers.items()]
    return "\n".join(["graph LR", *nodes, *(f"  n{numbers[a]} --> n{numbers[b]}" for a, b in _edges(resources))])


def graph_dot(resources: Sequence[Resource], notes: Notes) -> str:
    """For Graphviz: ``fmctl graph -o dot | dot -Tsvg``."""
    nodes = [f'  "{r.id}" [label="{_label(r.id, notes)}"];' for r in resources]
    edges = [f'  "{first}" -> "{second}";' for first, second in _edges(resources)]
    return "\n".join(["digraph fmctl {", "  rankdir=LR;", "  node [shape=box];", *nodes, *edges, "}"])


FORMATS = {"text": graph_text, "mermaid": graph_mermaid, "dot": graph_dot}


def _numbers(resources: Sequence[Resource]) -> dict[ResourceId, int]:
    return {resource.id: number for number, resource in enumerate(resources, 1)}


def _edges(resources: Sequence[Resource]) -> Iterator[tuple[ResourceId, ResourceId]]:
    declared = {resource.id for resource in resources}
    for resource in resources:
        yield from ((need, resource.id) for need in resource.needs if need in declared)


def _label(id: ResourceId, notes: Notes) -> str:
    return f"{id} [{notes[id]}]" if id in notes else str(id)
