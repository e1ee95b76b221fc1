"""No module imports itself through others, also not for types only."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

import grimp


def test_no_import_goes_in_a_circle() -> None:
    graph = grimp.build_graph("games", "agents", "leagues", "arena")
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    assert len(imports) > 150
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        raise AssertionError(f"imports go in a circle: {' <- '.join(error.args[1])}") from None
