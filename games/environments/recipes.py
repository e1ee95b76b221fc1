"""How an environment is made from the text that names it: plain data, so that games can be sent to other processes."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from games.environments.adapters import adapted
from games.errors import GameError, UnknownGameError
from games.specs import format_spec, parse_spec, suggest

FOREIGN_ERRORS = (Exception, SystemExit)
"""Whatever somebody else's code raises: also ``sys.exit()``, which must not end our process; Ctrl-C must."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to make an environment; plain data, so that games can be sent to other processes.

    Attributes:
        spec: the canonical spec.
        name: the game's name in PettingZoo, or the callable's.
        module: module to import.
        factory: name of the callable in it.
        parameters: its keyword arguments.
        drawable: whether it takes a ``render_mode``.
        render_mode: what to ask it for: ``ansi`` where it draws itself as text, or what its observations need.
        listed: whether it is one of PettingZoo's own.
        teams: who plays together, as the spec has it; None for the environment's own teams. Not in ``spec``.
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
        """The recipe that asks for text drawings if ``env``, made by this one, can give them."""
        draws = self.drawable and self.render_mode is None and "ansi" in env.metadata.get("render_modes", ())
        return replace(self, render_mode="ansi") if draws else self

    def make(self) -> Any:
        """A fresh environment by PettingZoo's names, without the wrappers that only check the caller.

        Raises:
            GameError: the callable fails, or gives no environment.
        """
        made = self.call()
        env = adapted(made)
        if env is None:
            raise GameError(
                f"{self.spec!r} must make an environment, but makes {type(made).__name__}; PettingZoo's AECEnv and "
                "ParallelEnv, RLlib's MultiAgentEnv, Gymnasium's Env and pyspiel's Game can be played"
            )
        return _unchecked(env)

    def call(self) -> Any:
        """What the callable gives.

        Raises:
            GameError: it fails.
        """
        factory = getattr(importlib.import_module(self.module), self.factory)
        try:
            return factory(**dict(self.parameters), **({"render_mode": self.render_mode} if self.render_mode else {}))
        except FOREIGN_ERRORS as error:
            raise GameError(f"{self.spec!r} must make an environment, but raises {said(error)}") from error


def custom_recipe(text: str) -> Recipe:
    """The recipe of ``package.module:callable(key=value,...)``.

    Raises:
        UnknownGameError: there is no such module or callable.
        GameError: a parameter is unknown or lacking.
    """
    path, raw = parse_spec(text)
    module_name, _, factory = path.partition(":")
    module = import_module(path, module_name)
    make = getattr(module, factory, None)
    if not callable(make):
        near = suggest(factory, vars(module))
        raise UnknownGameError(f"{path!r} must name a callable, but {module_name!r} has no callable {factory!r}{near}")
    return make_recipe(path, factory, module_name, factory, make, raw)


def import_module(path: str, module: str) -> Any:
    """The module that a spec needs.

    Raises:
        UnknownGameError: it, or a package it needs, is not installed, or it cannot be imported.
    """
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
    except FOREIGN_ERRORS as error:
        raise UnknownGameError(f"{path!r} cannot be imported: {said(error)}") from error


def make_recipe(
    path: str, name: str, module: str, factory: str, signature_of: Callable[..., Any], raw: dict[str, str]
) -> Recipe:
    """The recipe of a callable with the parameters of a spec.

    Args:
        path: the spec without its parameters.
        name: the game's name.
        module: where the callable is.
        factory: what it is called there.
        signature_of: whose signature knows the parameters.
        raw: the parameters as text.

    Raises:
        UnknownGameError: a parameter is lacking.
        GameError: one is unknown, or is not for us to give.
    """
    try:
        known: Mapping[str, inspect.Parameter] = inspect.signature(signature_of).parameters
        silent = False
    except ValueError:  # a callable written in C may not say
        known, silent = {}, True
    anything = silent or any(parameter.kind is parameter.VAR_KEYWORD for parameter in known.values())
    values = {}
    teams = None
    for key, text in raw.items():
        if key == "teams" and key not in known:
            teams = text
            continue
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
    return Recipe(spec, name, module, factory, tuple(sorted(values.items())), "render_mode" in known, teams=teams)


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


def said(error: BaseException) -> str:
    """An error in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
