"""PettingZoo's catalogue, and how an environment is made from the text that names it."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from games.contract import GameError, UnknownGameError, Utility
from games.specs import format_spec, parse_spec, suggest


@dataclass(frozen=True, slots=True)
class Traits:
    """What PettingZoo does not say about its own games; the defaults promise nothing."""

    title: str
    information: str = "imperfect"
    utility: Utility = "general_sum"
    chance: str = "sampled"
    public_moves: bool = False


CLASSIC: Mapping[str, Traits] = {
    "chess_v6": Traits("Chess", "perfect", "zero_sum", "none"),
    "connect_four_v3": Traits("Connect Four", "perfect", "zero_sum", "none"),
    "go_v5": Traits("Go", "perfect", "zero_sum", "none"),
    "hanabi_v5": Traits("Hanabi", "imperfect", "common_payoff"),
    "leduc_holdem_v4": Traits("Leduc Hold'em", "imperfect", "zero_sum"),
    "rps_v2": Traits("Rock Paper Scissors", "imperfect", "zero_sum", "none", public_moves=True),
    "texas_holdem_no_limit_v6": Traits("Texas Hold'em No Limit", "imperfect", "zero_sum"),
    "texas_holdem_v4": Traits("Texas Hold'em", "imperfect", "zero_sum"),
    "tictactoe_v3": Traits("Tic-Tac-Toe", "perfect", "zero_sum", "none"),
}
"""PettingZoo's classic games by name."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to make an environment; plain data, so that games can be sent to other processes.

    Attributes:
        spec: the canonical spec.
        name: the game's name in PettingZoo, or the callable's.
        module: module to import.
        factory: name of the callable in it.
        parameters: its keyword arguments.
        text: whether to ask it for its own text drawing.
    """

    spec: str
    name: str
    module: str
    factory: str
    parameters: tuple[tuple[str, Any], ...]
    text: bool = False

    def make(self) -> Any:
        """A fresh environment, without the wrappers that only check the caller.

        Raises:
            GameError: the callable fails, or gives something else.
        """
        from pettingzoo import AECEnv, ParallelEnv

        factory = getattr(importlib.import_module(self.module), self.factory)
        try:
            env = factory(**dict(self.parameters), **({"render_mode": "ansi"} if self.text else {}))
        except Exception as error:  # whatever an environment's own code raises
            raise GameError(f"{self.spec!r} must make an environment, but raises {_said(error)}") from error
        if not isinstance(env, AECEnv | ParallelEnv):
            raise GameError(
                f"{self.spec!r} must make a PettingZoo AECEnv or ParallelEnv, but makes {type(env).__name__}; RLlib "
                "and Gymnasium environments cannot be played yet"
            )
        return _unchecked(env)


def is_parallel(env: Any) -> bool:
    """Whether all its agents act at once."""
    from pettingzoo import ParallelEnv

    return isinstance(env, ParallelEnv)


def pettingzoo_recipe(text: str) -> Recipe:
    """The recipe of one of PettingZoo's own environments, from its spec without ``pettingzoo:``.

    Raises:
        UnknownGameError: there is none of this name, or it needs a package that is not installed.
        GameError: a parameter is unknown, or the environment cannot be made.
    """
    import pettingzoo

    name, raw = parse_spec(text)
    entries = {key.rpartition("/")[2].replace("-v", "_v"): key for key in pettingzoo.aec_registry}
    if name not in entries:
        near = suggest(name, entries)
        raise UnknownGameError(f"a PettingZoo game must be known, but there is no {name!r}{near}; see `arena games`")
    entry = pettingzoo.aec_registry[entries[name]].entry_point.partition(":")[0]
    module = _import(f"pettingzoo:{name}", entry)
    at_once = entries[name] in pettingzoo.parallel_registry and module.raw_env.metadata.get("is_parallelizable")
    factory = "parallel_env" if at_once else "env"
    return _recipe(f"pettingzoo:{name}", name, entry, factory, module.raw_env, raw)


def custom_recipe(text: str) -> Recipe:
    """The recipe of ``package.module:callable(key=value,...)``.

    Raises:
        UnknownGameError: there is no such module or callable.
        GameError: a parameter is unknown, or the callable does not make a PettingZoo environment.
    """
    path, raw = parse_spec(text)
    module_name, _, factory = path.partition(":")
    module = _import(path, module_name)
    make = getattr(module, factory, None)
    if not callable(make):
        near = suggest(factory, vars(module))
        raise UnknownGameError(f"{path!r} must name a callable, but {module_name!r} has no callable {factory!r}{near}")
    return _recipe(path, factory, module_name, factory, make, raw)


def _import(path: str, module: str) -> Any:
    import pettingzoo  # noqa: F401 - first, because it keeps pygame's banner off the screen

    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        missing = error.name or module
        if module == missing or module.startswith(f"{missing}."):
            raise UnknownGameError(f"{path!r} must name a module, but there is no {missing!r} to import") from error
        raise UnknownGameError(
            f"{path!r} needs the package {missing!r}, which is not installed; install it first"
        ) from error
    except ImportError as error:
        raise UnknownGameError(f"{path!r} cannot be imported: {_said(error)}") from error


def _recipe(
    path: str, name: str, module: str, factory: str, signature_of: Callable[..., Any], raw: dict[str, str]
) -> Recipe:
    try:
        known: Mapping[str, inspect.Parameter] = inspect.signature(signature_of).parameters
        silent = False
    except ValueError:  # a callable written in C may not say
        known, silent = {}, True
    anything = silent or any(parameter.kind is parameter.VAR_KEYWORD for parameter in known.values())
    values = {}
    for key, text in raw.items():
        if key == "render_mode":
            raise GameError(f"environments are drawn as text here, but {path!r} got render_mode={text}; leave it out")
        if key not in known and not anything:
            takes = ", ".join(sorted(known.keys() - {"render_mode"})) or "none"
            raise GameError(
                f"a parameter must be known, but {key!r} is not: {path!r} takes {takes}{suggest(key, known)}"
            )
        value = _value(text)
        if key not in known or (value, type(value)) != (known[key].default, type(known[key].default)):
            values[key] = value
    if lacking := [
        key
        for key, parameter in known.items()
        if parameter.default is parameter.empty
        and parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        and key not in raw
    ]:
        raise UnknownGameError(f"{path!r} cannot be played: it needs parameters ({', '.join(lacking)})")
    spec = format_spec(path, {key: repr(value) for key, value in values.items()})
    recipe = Recipe(spec, name, module, factory, tuple(sorted(values.items())))
    env = recipe.make()
    modes = getattr(env, "metadata", {}).get("render_modes", ())
    env.close()
    return Recipe(spec, name, module, factory, recipe.parameters, "ansi" in modes and "render_mode" in known)


def _value(text: str) -> Any:
    """A Python literal, or else the text itself."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def _unchecked(env: Any) -> Any:
    """The environment without the wrappers that only guard against wrong callers: masks and turns are kept here."""
    from pettingzoo.utils.conversions import aec_to_parallel_wrapper
    from pettingzoo.utils.wrappers import AssertOutOfBoundsWrapper, OrderEnforcingWrapper, TerminateIllegalWrapper

    if type(env) is aec_to_parallel_wrapper:
        env.aec_env = _unchecked(env.aec_env)
    while type(env) in (AssertOutOfBoundsWrapper, OrderEnforcingWrapper, TerminateIllegalWrapper):
        env = env.env
    return env


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
