"""How the sandbox is put together."""

from graphlib import TopologicalSorter

import grimp

ABOVE = tuple(f"fmctl.sandbox.{name}" for name in ("__main__", "api", "app", "faults", "parts", "sandbox", "server"))


def test_imports_run_in_one_direction() -> None:
    """No module imports another in a circle, not even for types alone; no state knows the API that shows it."""
    graph = grimp.build_graph("fmctl", exclude_type_checking_imports=False)
    modules = {name for name in graph.modules if name.startswith("fmctl.sandbox")}
    imports = {name: graph.find_modules_directly_imported_by(name) & modules for name in modules}
    below = [name for name in modules - {"fmctl.sandbox"} if not name.startswith(ABOVE)]
    upwards = {(name, one) for name in below for one in imports[name] if one.startswith(ABOVE)}

    assert len(modules) == len(list(TopologicalSorter(imports).static_order()))  # a circle raises CycleError
    assert set() == upwards
