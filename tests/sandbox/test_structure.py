"""How the sandbox is put together."""

from graphlib import TopologicalSorter

import grimp

STATE = (
    *("account", "autosearch", "finetuning", "image_saving", "images", "models", "programs"),
    *("objects", "runner", "services_v2", "serving", "store", "training", "wire", "workspaces"),
)
ABOVE = ("api", "app", "parts", "sandbox", "server")


def part(module: str) -> str:
    """The part of the sandbox that a module belongs to."""
    return module.removeprefix("fmctl.sandbox.").partition(".")[0]


def test_imports_run_in_one_direction() -> None:
    """No module imports another in a circle, not even for types alone; no state knows the API that shows it."""
    graph = grimp.build_graph("fmctl", exclude_type_checking_imports=False)
    modules = {name for name in graph.modules if name.startswith("fmctl.sandbox")}
    imports = {name: graph.find_modules_directly_imported_by(name) & modules for name in modules}
    upwards = {(name, one) for name in modules for one in imports[name] if part(name) in STATE and part(one) in ABOVE}

    assert len(modules) == len(list(TopologicalSorter(imports).static_order()))  # a circle raises CycleError
    assert set() == upwards
