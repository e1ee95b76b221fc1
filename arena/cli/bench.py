"""``arena bench``: how fast it is on this machine, against others and against what is possible."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from arena.cli.options import AsJson

_ROOT = Path(__file__).parents[2]
"""Of the source tree, when this is one: the benchmarks are no part of what is installed."""


def bench(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME", help="Suites to run; all of them by default.", show_default=False),
    ] = None,
    repeats: Annotated[
        int | None,
        typer.Option("--repeats", min=1, metavar="N", help="Turns of each side.", show_default="5, with --quick 1"),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Short turns, for a look and not for reporting.")] = False,
    as_json: AsJson = False,
) -> None:
    """Measure speed on this machine: against other libraries, and against what is possible.

    The suites are sampling, training, matches, runners, growth, start, accelerators and games. The sides of a
    comparison take turns, and medians are shown with the lowest and the highest. All of them take over an hour. Unless
    --quick is given, the reports go to benchmarks/results, too.
    """
    from arena.cli.output import print_json

    suites = _suites(names or [])
    with _stdout_as_stderr() if as_json else nullcontext():
        reports = suites.run_suites(names or suites.SUITES, repeats=repeats, quick=quick)
    if as_json:
        print_json(reports)


def _suites(names: list[str]) -> Any:
    """The module that knows the suites, all ``names`` among them."""
    from importlib import import_module

    from arena.cli.errors import CallError
    from games.specs import suggest

    if not (_ROOT / "benchmarks" / "suites.py").exists():
        raise CallError(
            f"the benchmarks must stand beside the packages, but {_ROOT} has none, for they are not installed; "
            "clone the repository, run `make venv` there, and use its .venv/bin/arena"
        )
    if str(_ROOT) not in sys.path:
        sys.path.insert(0, str(_ROOT))
    suites = import_module("benchmarks.suites")
    for name in names:
        if name not in suites.SUITES:
            near = suggest(name, list(suites.SUITES))
            raise CallError(f"a suite must be one of {', '.join(suites.SUITES)}, but got {name!r}{near}")
    return suites


@contextmanager
def _stdout_as_stderr() -> Iterator[None]:
    """Point file descriptor 1 at stderr for a while: what suites and their processes print is progress."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)
