"""The mix of opponents of a new league: with exploiters, a main learner meets them."""

from __future__ import annotations

from pathlib import Path

import pytest

from arena import LeaguePPOConfig
from arena.presets import settings_for
from games import make_game
from leagues.errors import LeagueError
from leagues.settings import WITH_EXPLOITERS

GAME = make_game("connect_four")
ALL = {"main": 1, "main_exploiter": 1, "league_exploiter": 2}


def test_with_exploiters_the_mix_is_that_of_alphastar_and_not_that_of_the_preset(tmp_path: Path) -> None:
    assert settings_for(GAME).league.mix == settings_for(GAME, roles={"main": 2}).league.mix == {"latest": 1.0}
    league = settings_for(GAME, roles=ALL).league
    assert (league.roles, league.mix) == (ALL, WITH_EXPLOITERS)
    file = tmp_path / "roles.toml"
    file.write_text("[league]\nroles = {main = 1, league_exploiter = 1}\n")
    assert settings_for(GAME, file=file).league.mix == WITH_EXPLOITERS
    assert LeaguePPOConfig().league(roles=ALL).settings().league.mix == WITH_EXPLOITERS


def test_a_mix_that_a_person_names_stays(tmp_path: Path) -> None:
    file = tmp_path / "mix.toml"
    file.write_text("[league]\nopponents = {uniform = 1.0}\n")
    assert settings_for(GAME, file=file, roles=ALL).league.mix == {"uniform": 1.0}


def test_wrong_roles_are_refused() -> None:
    with pytest.raises(LeagueError, match="roles"):
        settings_for(GAME, roles={"main": -1})
