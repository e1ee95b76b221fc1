"""Opening a league for training: wrong settings leave nothing behind, and a league trains with what it stores."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from small_training import small

from arena.settings import Settings
from arena.training.session import LeagueSession
from games import make_game
from leagues.records import LeagueError, Member
from leagues.store import LeagueInfo, StoreError, open_store

GAME = make_game("tic_tac_toe")
MAIN = Member("main", "learner", "main", modules=dict.fromkeys(GAME.agent_ids, "main"))


def opened(folder: Path, **changes: Any) -> LeagueSession:
    settings = Settings().replaced({name.replace("__", "."): value for name, value in changes.items()})
    return LeagueSession(folder, GAME, settings, seed=3, learners=[MAIN], share=bytes)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.league(opponents={"zzz": 1.0}), "there is no sampler of opponents 'zzz'"),
        (lambda c: c.league(roles={"main": 0}), "a league needs a learner"),
        (lambda c: c.league(roles={"main": 0, "main_exploiter": 1}), "main"),
        (lambda c: c.rl_module(model_config={"fcnet_activation": "zzz"}), "`fcnet_activation` must be one of"),
        (lambda c: c.rl_module(model_config={"fcnet_hiddens": ["a"]}), "the network cannot be built"),
        (lambda c: c.rl_module(model_config={"fcnet_hiddens": [10**30]}), "the network cannot be built"),
        (lambda c: c.rl_module(model_config={"fcnet_hiddens": [1] * 10**5}), "it has too many layers"),
    ],
)
def test_a_wrong_setting_leaves_no_folder(change: Any, message: str, tmp_path: Path) -> None:
    folder = tmp_path / "league"
    with pytest.raises(LeagueError, match=message) as error:
        change(small(folder=folder)).build_algo()
    assert "\n" not in str(error.value)
    assert not folder.exists()


def test_a_league_trains_with_the_settings_that_it_stores(tmp_path: Path) -> None:
    opened(tmp_path).close()
    with pytest.raises(StoreError) as error:
        opened(tmp_path, optimization__lr=0.5, league__beaten=0.5, optimization__gamma=0.5, training__record_every=9)
    assert str(error.value) == (
        f"the league in {open_store(tmp_path).name} trains with league.beaten = 0.98, but got 0.5; "
        "training.record_every = 128, but got 9; optimization.gamma = 0.99, but got 0.5; and 1 more; "
        "use the settings it was made with, or another folder"
    )
    opened(tmp_path, training__tables=3, resources__env_runners=2, resources__overlap=True).close()


def test_a_league_that_was_just_made_gets_its_members_and_keeps_its_settings(tmp_path: Path) -> None:
    info = LeagueInfo(GAME.spec, GAME.agent_ids, 3, Settings().to_dict(), {}, datetime.now(UTC))
    open_store(tmp_path).create(info).close()
    with pytest.raises(StoreError, match=r"league\.beaten = 0\.98, but got 0\.5"):
        opened(tmp_path, league__beaten=0.5)
    session = opened(tmp_path)
    assert list(session.members) == ["main", "random", "perfect"]
    session.close()


def test_a_number_that_fits_the_game_is_no_other_setting_than_none(tmp_path: Path) -> None:
    opened(tmp_path).close()
    opened(tmp_path, evaluation__games_per_iteration=8, optimization__entropy_coeff=0.5).close()
    with pytest.raises(StoreError, match=r"optimization\.grad_clip = 0\.5, but got none"):
        opened(tmp_path, optimization__grad_clip=None)


def test_what_was_fitted_to_the_game_is_no_other_setting(tmp_path: Path, build: Any) -> None:
    build(small(folder=tmp_path)).stop()
    build(small(folder=tmp_path)).stop()
    with pytest.raises(StoreError, match=r"optimization\.entropy_coeff = 0\.003, but got 0\.5"):
        small(folder=tmp_path).training(entropy_coeff=0.5).build_algo()
