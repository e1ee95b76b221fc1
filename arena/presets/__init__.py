"""Presets: settings that fit a game or a family of games. A training run takes the one that fits its game by default.

A preset is a TOML file of this folder, and the file's name is its name. It says which games it is for, with ``games``
or ``family``, and has a part of the tree of :class:`arena.settings.Settings`: only what differs from the defaults.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from arena.old_settings import upgraded
from arena.settings import Settings
from arena.settings_files import laid_over, read_toml
from games.contract import Game
from games.specs import format_spec, parse_spec
from leagues.errors import LeagueError
from leagues.names import near
from leagues.setting_groups import NONE, short

Family = Literal["perfect_information", "imperfect_information", "graded", "n_player", "continuous"]

_FAMILIES: Mapping[Family, str] = {
    "perfect_information": "games of two sides and perfect information, with moves in turn, that end in a win, a draw "
    "or a loss",
    "imperfect_information": "games of two sides that end in a win, a draw or a loss, with hidden information or moves "
    "at the same time",
    "graded": "games of two sides whose scores are returns",
    "n_player": "games of more than two sides",
    "continuous": "games with continuous actions",
}


_VIEW = "view"
"""The parameter of a spec that changes what seats see, but not the game."""


@dataclass(frozen=True, slots=True)
class Preset:
    """Settings for a game or a family of games.

    Attributes:
        name: its name, that of its file.
        games: specs of its games, or shell patterns of them such as ``breakthrough(*)``. Patterns must match the
            whole canonical spec, without the parameter ``view``. Empty for a preset of a family.
        family: the family it is for; None for a preset of some games.
        values: a part of the tree of settings: only what differs from the defaults.
    """

    name: str
    games: tuple[str, ...]
    family: Family | None
    values: Mapping[str, Any]

    def fits(self, game: Game) -> bool:
        """Whether the preset is for this game. That of a family is for all games of the family. Any other is for games
        with discrete actions only, because no pattern tells those with continuous actions apart."""
        if self.family is not None or game.action_bounds is not None:
            return family_of(game) == self.family
        spec = _without_view(game.spec)
        return any(fnmatchcase(spec, pattern) for pattern in self.games)

    @property
    def purpose(self) -> str:
        """What the preset is for, in words."""
        return ", ".join(self.games) if self.family is None else _FAMILIES[self.family]


def family_of(game: Game) -> Family:
    """The family of a game. Every game has exactly one: continuous actions come first, then more than two sides."""
    if game.action_bounds is not None:
        return "continuous"
    if max(game.teams) + 1 > 2:
        return "n_player"
    if game.graded:
        return "graded"
    return (
        "perfect_information" if game.perfect_information and game.dynamics == "turn_based" else "imperfect_information"
    )


def list_presets() -> list[Preset]:
    """All presets: first those of games, then those of families, by name."""
    return sorted(_presets().values(), key=lambda preset: (preset.family is not None, preset.name))


def find_preset(game: Game, name: str | None = None) -> Preset | None:
    """The preset of a game.

    Args:
        game: the game.
        name: the preset's name; None for the one that fits best, ``"none"`` for no preset.

    Returns:
        The preset; None if ``name`` is ``"none"``. Without a name, a preset that names the game's spec comes before one
        with a pattern, and this one before that of the game's family.

    Raises:
        LeagueError: there is no preset of this name, or it is for other games.
    """
    if name == NONE:
        return None
    presets = _presets()
    if name is not None:
        if name not in presets:
            raise LeagueError(f"there is no preset {name!r}{near(name, presets)}")
        if not presets[name].fits(game):
            fitting = find_preset(game)
            raise LeagueError(
                f"the preset {name!r} is for {presets[name].purpose}, but the game is {game.spec!r}; "
                f"use {fitting.name if fitting else NONE!r}, or 'none' for the defaults"
            )
        return presets[name]
    fitting_ones = [preset for preset in list_presets() if preset.fits(game)]
    exact = (preset for preset in fitting_ones if _without_view(game.spec) in preset.games)
    return next(exact, fitting_ones[0])


def settings_for(
    game: Game,
    preset: str | None = None,
    *,
    file: Path | None = None,
    algorithm: str | None = None,
    roles: Mapping[str, int] | None = None,
) -> Settings:
    """The settings of a new league: defaults, the game's preset over them, and a file over both.

    Args:
        game: the game.
        preset: as ``name`` of :func:`find_preset`; None also takes the preset that the file names as ``preset``.
        file: a TOML file of settings; None for none.
        algorithm: the training algorithm; None for that of the file or of the preset. Settings of another algorithm
            in the preset are left out.
        roles: the setting ``roles``; None for that of the file or of the preset.

    Raises:
        LeagueError: as :func:`find_preset` and :meth:`arena.settings.Settings.load`.
    """
    top = {} if file is None else read_toml(file)  # once, because it may be a pipe
    if preset is None and "preset" in top:
        preset = NONE if top["preset"] is None else str(top["preset"])
    found = find_preset(game, preset)
    chosen: dict[str, Any] = {} if algorithm is None else {"algorithm": algorithm}
    tree = laid_over({} if found is None else found.values, chosen)
    settings = Settings.from_dict(tree) if file is None else Settings.of_file(top, file, over=tree)
    if algorithm not in (None, settings.algorithm):
        raise LeagueError(
            f"a league has one training algorithm, but got {algorithm!r}, and {settings.algorithm!r} in the settings "
            "file; drop one"
        )
    if roles is not None:
        settings = settings.replaced({"league.roles": roles})
    return Settings.from_dict({**settings.to_dict(), "preset": None if found is None else found.name})


@cache
def _presets() -> Mapping[str, Preset]:
    return {path.stem: _read(path) for path in sorted(Path(__file__).parent.glob("*.toml"))}


def _read(path: Path) -> Preset:
    """The preset of a file.

    Raises:
        LeagueError: it is not TOML, or does not say which games it is for. Settings are checked when they are used.
    """
    values = read_toml(path)
    games, family = values.pop("games", ()), values.pop("family", None)
    named = isinstance(games, list) and all(isinstance(each, str) for each in games)
    if (named and games and family is None) or (games == () and family in get_args(Family)):
        return Preset(path.stem, tuple(games), family, upgraded(values))
    raise LeagueError(
        f"a preset has either `games`, a list of specs, or `family`, one of {', '.join(get_args(Family))}, but got "
        f"games={short(games)}, family={short(family)} in {str(path)!r}"
    )


def _without_view(spec: str) -> str:
    name, parameters = parse_spec(spec)
    parameters.pop(_VIEW, None)
    return format_spec(name, parameters)
