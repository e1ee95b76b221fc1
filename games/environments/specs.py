"""PettingZoo's own environments: from a spec to a recipe."""

from __future__ import annotations

import warnings
from dataclasses import replace

from games.environments.recipes import Recipe, import_module, make_recipe
from games.environments.traits import TRAITS
from games.errors import UnknownGameError
from games.specs import parse_spec, suggest


def pettingzoo_recipe(text: str) -> Recipe:
    """The recipe of one of PettingZoo's own environments, from its spec without ``pettingzoo:``.

    Args:
        text: the name, with optional parameters. ``rps_v2``, ``classic/rps_v2`` and ``classic/rps-v2`` are the same.

    Raises:
        UnknownGameError: there is no such environment, or it needs a package that is not installed.
        GameError: a parameter is unknown, or the environment cannot be made.
    """
    given, raw = parse_spec(text)
    family, _, name = given.replace("-v", "_v").rpartition("/")
    traits = TRAITS.get(name)
    if traits is None or family not in ("", traits.family):
        near = suggest(name, TRAITS)
        raise UnknownGameError(f"PettingZoo has no game {given!r}{near}; `arena games pettingzoo` lists them")
    spec = f"pettingzoo:{name}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # if they are errors, importing Box2D aborts the process
        module = import_module(spec, _module(traits.family, name))
    # If all agents act at once, stepping them in turn would show the later ones a world that has not moved yet.
    at_once = hasattr(module, "parallel_env")
    factory = "parallel_env" if at_once else "env"
    recipe = make_recipe(spec, name, module.__name__, factory, module.raw_env, raw)
    return replace(recipe, render_mode=traits.render_mode, listed=True)


def _module(family: str, name: str) -> str:
    """The module that makes an environment. PettingZoo's registry names it; the obvious one is deprecated."""
    import pettingzoo

    if family == "mpe":
        return f"mpe2.{name}"
    entry: str = pettingzoo.aec_registry[f"{family}/{'-v'.join(name.rsplit('_v', 1))}"].entry_point
    return entry.partition(":")[0]
