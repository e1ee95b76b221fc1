"""Recipes: from the text that names a callable to the environment that it makes."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from games.environments.adapters import adapted
from games.errors import GameError, UnknownGameError
from games.foreign import FOREIGN_ERRORS, describe_error
from games.specs import format_spec, parse_spec, suggest


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to make an environment, as plain data that can be sent to other processes.

    Attributes:
        spec: the canonical spec.
        name: the game's name in PettingZoo, or the callable's name.
        module: the module to import.
        factory: the name of the callable in it.
        parameters: its keyword arguments.
        drawable: whether it takes a ``render_mode``.
        render_mode: the render mode to pass: ``ansi`` if it draws text, or the mode that its observations need.
        listed: whether it is one of PettingZoo's own environments.
        teams: the teams of the spec as text, which ``spec`` leaves out; None for the environment's own teams.
    """

    spec: str
    name: str
    module: str
    factory: str
    parameters: tuple[tuple[str, Any], ...]
    drawable: bool = False
    render_mode: str | None = None
    listed: bool = False
    teams: str | None = None

    def drawn_by(self, env: Any) -> Recipe:
        """The recipe with text drawings if ``env``, made by this one, can draw them."""
        draws = self.drawable and self.render_mode is None and "ansi" in env.metadata.get("render_modes", ())
        return replace(self, render_mode="ansi") if draws else self

    def make(self) -> Any:
        """A new environment with PettingZoo's methods, without the wrappers that only check the caller.

        Raises:
            GameError: the callable fails, or returns no environment.
        """
        made = self.call()
        env = adapted(made)
        if env is None:
            raise GameError(
                f"{self.spec!r} makes a {type(made).__name__}, which is not an environment; return PettingZoo's AECEnv "
                "or ParallelEnv, RLlib's MultiAgentEnv, Gymnasium's Env, or a pyspiel.Game"
            )
        return _unchecked(env)

    def call(self) -> Any:
        """What the callable returns.

        Raises:
            GameError: the callable fails.
        """
        factory = getattr(importlib.import_module(self.module), self.factory)
        try:
            return factory(**dict(self.parameters), **({"render_mode": self.render_mode} if self.render_mode else {}))
        except FOREIGN_ERRORS as error:
            raise GameError(f"{self.spec!r} cannot make its environment: it raises {describe_error(error)}") from error


def custom_recipe(text: str) -> Recipe:
    """The recipe of ``package.module:callable(key=value,...)``.

    Raises:
        UnknownGameError: there is no such module or callable.
        GameError: a parameter is unknown or missing.
    """
    path, raw = parse_spec(text)
    module_name, _, factory = path.partition(":")
    module = import_module(path, module_name)
    make = getattr(module, factory, None)
    if not callable(make):
        near = suggest(factory, vars(module))
        raise UnknownGameError(f"{path!r} cannot be made: {module_name!r} has no callable {factory!r}{near}")
    return make_recipe(path, factory, module_name, factory, make, raw)


def import_module(path: str, module: str) -> Any:
    """The module that a spec needs.

    Raises:
        UnknownGameError: the module, or a package that it needs, is not installed, or its import fails.
    """
    import pettingzoo  # noqa: F401 - first: it suppresses pygame's banner

    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        missing = error.name or module
        if module == missing or module.startswith(f"{missing}."):
            raise UnknownGameError(f"{path!r} cannot be imported: there is no module {missing!r}") from error
        raise UnknownGameError(
            f"{path!r} needs the package {missing!r}, which is not installed; install it first"
        ) from error
    except FOREIGN_ERRORS as error:
        raise UnknownGameError(f"{path!r} cannot be imported: {describe_error(error)}") from error


def make_recipe(
    path: str, name: str, module: str, factory: str, signature_of: Callable[..., Any], raw: dict[str, str]
) -> Recipe:
    """The recipe of a callable with the parameters of a spec.

    Args:
        path: the spec without its parameters.
        name: the game's name.
        module: the callable's module.
        factory: the callable's name in it.
        signature_of: a callable whose signature has the parameters.
        raw: the parameters as text.

    Raises:
        UnknownGameError: a parameter is missing.
        GameError: a parameter is unknown, or cannot be set by a spec.
    """
    try:
        known: Mapping[str, inspect.Parameter] = inspect.signature(signature_of).parameters
        silent = False
    except ValueError:  # a callable written in C may have no signature
        known, silent = {}, True
    anything = silent or any(parameter.kind is parameter.VAR_KEYWORD for parameter in known.values())
    values = {}
    teams = None
    for key, text in raw.items():
        if key == "teams" and key not in known:
            teams = text
            continue
        if key == "render_mode":
            raise GameError(
                f"render_mode is not a parameter of a game, but {path!r} got render_mode={text}; leave it out"
            )
        if key not in known and not anything:
            takes = ", ".join(sorted(known.keys() - {"render_mode"})) or "none"
            raise GameError(f"unknown parameter {key!r}: {path!r} takes {takes}{suggest(key, known)}")
        value = _value(text)
        if key not in known or (value, type(value)) != (known[key].default, type(known[key].default)):
            values[key] = value
    if missing := [
        key
        for key, parameter in known.items()
        if parameter.default is parameter.empty
        and parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        and key not in raw
    ]:
        raise UnknownGameError(f"{path!r} cannot be played: it needs parameters ({', '.join(missing)})")
    spec = format_spec(path, {key: repr(value) for key, value in values.items()})
    return Recipe(spec, name, module, factory, tuple(sorted(values.items())), "render_mode" in known, teams=teams)


def _value(text: str) -> Any:
    """The value of a Python literal; other text stays text."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def _unchecked(env: Any) -> Any:
    """The environment without the wrappers that only check the caller; states check masks and turns themselves."""
    from pettingzoo.utils.conversions import aec_to_parallel_wrapper
    from pettingzoo.utils.wrappers import AssertOutOfBoundsWrapper, OrderEnforcingWrapper, TerminateIllegalWrapper

    if type(env) is aec_to_parallel_wrapper:
        env.aec_env = _unchecked(env.aec_env)
    while type(env) in (AssertOutOfBoundsWrapper, OrderEnforcingWrapper, TerminateIllegalWrapper):
        env = env.env
    return env
