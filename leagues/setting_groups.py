"""How a setting is declared: groups of settings as frozen dataclasses that check their values.

A setting is declared once, by :func:`setting`: its default, its rule, its unit and its help. The options of the command
line, ``LeaguePPOConfig.league()``, TOML files and ``docs/settings.md`` are all made from these declarations.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields
from types import MappingProxyType, NoneType, UnionType
from typing import Any, ClassVar, Self, get_args, get_origin, get_type_hints

from leagues.errors import LeagueError
from leagues.names import near

NONE = "none"
"""Stands for None in TOML."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Constraints and help text of a setting.

    Attributes:
        help: one sentence for ``--help`` and the table of settings.
        unit: of its value; empty for names, shares and switches.
        low, high: the lowest and highest value, for numbers and for the numbers of a mapping.
        above: the value must be greater than this.
        choices: the allowed values.
        none: what None means; empty where None is not allowed.
        fitted: whether a number that fits the game replaces None before a run begins.
        typical: values in use, and those of the source.
    """

    help: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    above: float | None = None
    choices: tuple[str, ...] = ()
    none: str = ""
    fitted: bool = False
    typical: str = ""

    def text(self, name: str) -> str:
        """The rule as an expression, such as ``0 <= beaten <= 1``; empty without one."""
        if self.choices:
            return f"{name} in {self.choices}"
        least = self.above if self.low is None else self.low
        order = "<" if self.low is None else "<="
        if least is None:
            return "" if self.high is None else f"{name} <= {self.high:g}"
        if self.high is None:
            return f"{name} {order.replace('<', '>')} {least:g}"
        return f"{least:g} {order} {name} <= {self.high:g}"

    def allows(self, value: Any) -> bool:
        """Whether a value of the right type keeps the rule."""
        if isinstance(value, Mapping):
            return all(map(self.allows, value.values()))
        if value is None or isinstance(value, bool):
            return True
        if self.choices:
            return value in self.choices
        if not isinstance(value, int | float):
            return True
        return (
            (isinstance(value, int) or math.isfinite(value))  # JSON has no infinite number
            and (self.low is None or value >= self.low)
            and (self.high is None or value <= self.high)
            and (self.above is None or value > self.above)
        )


def setting(default: Any, help: str, **rule: Any) -> Any:
    """A field of a :class:`SettingsGroup`; ``rule`` as the attributes of :class:`Rule`."""
    metadata = {"rule": Rule(help, **rule)}
    if isinstance(default, Mapping):
        return field(default_factory=lambda: default, metadata=metadata)
    return field(default=default, metadata=metadata)


class SettingsGroup:
    """Base of a frozen dataclass whose fields are settings. Values are checked when it is made.

    Lists become tuples, mappings become read-only, whole numbers become floats where a float is declared.

    Attributes:
        asynchronous: of an algorithm's settings, whether its remote env runners wait neither for each other nor for the
            learners.
        offline: likewise, whether it learns from recorded games and plays none.

    Raises:
        LeagueError: a value has the wrong type or breaks its rule.
    """

    asynchronous: ClassVar[bool] = False
    offline: ClassVar[bool] = False

    def __post_init__(self) -> None:
        types = _types(type(self))
        for name, rule in rules(type(self)).items():
            value = _typed(name, getattr(self, name), types[name])
            if not rule.allows(value):
                raise LeagueError(
                    f"`{rule.text(name) or f'{name} is finite'}` must hold, but got {name}={short(value)}"
                )
            object.__setattr__(self, name, value)
        self._check()

    def _check(self) -> None:
        """Check what several settings have to keep together."""

    def mutable(self) -> tuple[str, ...]:
        """The settings in effect that may differ between modules (:mod:`leagues.population`)."""
        return ()

    def to_dict(self) -> dict[str, Any]:
        """The settings as plain JSON."""
        return {each.name: _plain(getattr(self, each.name)) for each in _fields(type(self))}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The settings from plain JSON; those that are missing have their defaults.

        Raises:
            LeagueError: there is no such setting, or as the constructor.
        """
        known = rules(cls)
        for name in values:
            if name not in known:
                raise LeagueError(f"there is no setting {name!r}{near(name, known)}")
        return cls(**values)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self).from_dict, (self.to_dict(),)  # read-only mappings cannot be pickled

    def replaced(self, values: Mapping[str, Any]) -> Self:
        """A copy with some settings changed; raises as :meth:`from_dict`."""
        return self.from_dict({**{each.name: getattr(self, each.name) for each in _fields(type(self))}, **values})


def rules(group: type[SettingsGroup]) -> Mapping[str, Rule]:
    """The rules of all settings of a group, by name."""
    return {each.name: each.metadata["rule"] for each in _fields(group)}


def default(group: type[SettingsGroup], name: str) -> Any:
    """The default of a setting."""
    (found,) = (each for each in _fields(group) if each.name == name)
    return found.default if found.default_factory is MISSING else found.default_factory()


def kind(group: type[SettingsGroup], name: str) -> str:
    """The type of a setting in words for people."""
    return _kind(_types(group)[name])


def _kind(hint: Any) -> str:
    return " or ".join(_word(option) for option in _options(hint) if option is not NoneType)


def _word(option: Any) -> str:
    words = {int: "whole number", float: "number", bool: "switch (true or false)", str: "text"}
    lists, inner = {tuple: "list", Mapping: "table"}, [each for each in get_args(option) if each is not Ellipsis]
    found = words.get(option) or lists.get(get_origin(option), "value")
    return found if not inner or inner[-1] is Any else f"{found} of {_several(inner[-1])}"


def _several(hint: Any) -> str:
    """Values of a type in words."""
    words = {int: "whole numbers", float: "numbers", str: "texts"}
    return " or ".join(words.get(option) or f"{_word(option).replace(' ', 's ', 1)}" for option in _options(hint))


def _options(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if isinstance(hint, UnionType) else (hint,)


def _fields(group: type[SettingsGroup]) -> tuple[Field[Any], ...]:
    return fields(group)  # type: ignore[arg-type]  # every group is a dataclass


def _types(group: type[SettingsGroup]) -> dict[str, Any]:
    return get_type_hints(group)


def _typed(name: str, value: Any, hint: Any) -> Any:
    """``value`` as a value of the type ``hint``."""
    if hint is Any:
        return _frozen(value)
    for option in _options(hint):
        found = _converted(value, option)
        if found is not MISSING:
            return found
    raise LeagueError(f"the setting {name} must be a {_kind(hint)}, but got {short(value)}")


def _converted(value: Any, option: Any) -> Any:
    """``value`` as an ``option``, or MISSING where it is none."""
    origin, inner = get_origin(option), get_args(option)
    if origin is tuple and isinstance(value, Sequence) and not isinstance(value, str):
        items = [item if inner[0] is Any else _converted(item, inner[0]) for item in value]
        return MISSING if any(item is MISSING for item in items) else tuple(items)
    if origin is not None and issubclass(origin, Mapping) and isinstance(value, Mapping):
        items = [inner[1] is Any or _converted(item, inner[1]) is not MISSING for item in value.values()]
        keyed = all(isinstance(key, str) for key in value)
        if not (keyed and all(items)):
            return MISSING
        return _frozen({key: item if inner[1] is Any else _converted(item, inner[1]) for key, item in value.items()})
    if option is NoneType:
        return None if value is None else MISSING
    if option is float:
        return _float(value) if isinstance(value, int | float) and not isinstance(value, bool) else MISSING
    if isinstance(option, type) and origin is None:
        return value if isinstance(value, option) and isinstance(value, bool) == (option is bool) else MISSING
    return MISSING


def _float(number: float) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf  # no rule allows it


def _frozen(value: Any) -> Any:
    return MappingProxyType(dict(value)) if isinstance(value, Mapping) else value


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple | list) else value


def short(value: Any) -> str:
    """Short text of a value for error messages."""
    text: str = getattr(value, "__name__", None) or repr(_plain(value))
    return text if len(text) <= 60 else f"{text[:57]}..."


def shown(value: Any) -> str:
    """A value as a settings file writes it, for people."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} = {shown(item)}" for key, item in value.items()) + "}"
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(shown, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return NONE
    return f"{value:g}" if isinstance(value, float) else repr(value)
