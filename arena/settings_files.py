"""Settings as TOML files, and trees of settings laid over each other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from leagues.errors import LeagueError
from leagues.setting_groups import NONE


def laid_over(under: Mapping[str, Any], top: Mapping[str, Any]) -> dict[str, Any]:
    """A tree with the settings of another one over it. A setting of ``top`` replaces that of ``under`` as a whole.

    Settings of an algorithm are dropped from ``under`` where ``top`` chooses another algorithm.
    """
    algorithms = [tree.get("algorithm", "ppo") for tree in (under, top)]
    result = dict(under)
    if "algorithm" in top and algorithms[0] != algorithms[1]:
        result.pop("optimization", None)
    for name, value in top.items():
        below = result.get(name)
        both = isinstance(value, Mapping) and isinstance(below, Mapping)
        result[name] = {**below, **value} if both else value  # type: ignore[dict-item]
    return result


def read_toml(path: Path) -> dict[str, Any]:
    """A tree of settings as a TOML file has it, unchecked; ``"none"`` stands for None.

    Raises:
        LeagueError: the file cannot be read, or is not TOML.
    """
    import tomllib

    try:
        values: dict[str, Any] = _with_none(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as problem:
        raise LeagueError(f"{file_name(path)} cannot be read: {problem.strerror}") from problem
    except UnicodeDecodeError as problem:
        raise LeagueError(f"{file_name(path)} is not UTF-8 text") from problem
    except (ValueError, RecursionError) as problem:  # of tomllib: integers of many digits, deep nesting
        raise LeagueError(f"{file_name(path)} is not TOML: {problem}") from problem
    return values


def file_name(path: Path) -> str:
    """What messages call a file of settings."""
    return f"the settings file {str(path)!r}"


def toml(settings: Mapping[str, Any]) -> str:
    """A tree of settings as TOML, which has no None: it is written as ``"none"``.

    Args:
        settings: of :meth:`Settings.to_dict`.
    """
    import tomli_w

    return tomli_w.dumps(_without_none(settings))


def _without_none(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_none(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_none(item) for item in value]
    return NONE if value is None else value


def _with_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _with_none(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_none(item) for item in value]
    return None if value == NONE else value
