"""Which seats share a module: one for all, one for each, or any mapping."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_training import small

from arena.settings import Settings, TrainingSettings
from arena.settings_files import toml
from arena.training.modules import learning_members
from games import make_game
from leagues.errors import LeagueError

THREE = make_game("kuhn_poker(players=3)")
PAIR = {"player_0": "pair", "player_1": "pair", "player_2": "alone"}


def modules(**training: object) -> dict[str, str]:
    (member,) = learning_members(THREE, {"main": 1}, TrainingSettings(**training))  # type: ignore[arg-type]
    return dict(member.modules)


def test_seats_share_one_module_or_have_their_own_or_are_mapped() -> None:
    assert set(modules().values()) == {"main"}
    assert modules(module_per_seat=True) == {seat: f"main.{seat}" for seat in THREE.agent_ids}
    assert modules(modules=PAIR) == {"player_0": "main.pair", "player_1": "main.pair", "player_2": "main.alone"}
    members = learning_members(THREE, {"main": 1, "main_exploiter": 2}, TrainingSettings(modules=PAIR))
    assert len({module for member in members for module in member.modules.values()}) == 6, "learners share none"


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        (
            {"player_0": "a", "player_1": "a"},
            "there is none for player_2; the seats of 'kuhn_poker.*' are player_0, ",
        ),
        (
            PAIR | {"player_3": "a"},
            "names the seat 'player_3', but the seats of 'kuhn_poker.*' are player_0, ",
        ),
        (PAIR | {"player_2": "a.b"}, "letters, digits and underscores, but got 'a.b'"),
        (PAIR | {"player_2": ""}, "letters, digits and underscores, but got ''"),
        (PAIR | {"player_2": 3}, "modules must be a table"),
    ],
)
def test_a_mapping_that_does_not_fit_the_game_is_refused(mapping: dict[str, object], message: str) -> None:
    with pytest.raises(LeagueError, match=message):
        small(THREE, modules=mapping)


def test_a_mapping_beside_one_module_per_seat_is_refused() -> None:
    with pytest.raises(LeagueError, match="module_per_seat=True, too; drop one"):
        small(THREE, module_per_seat=True, modules=PAIR)


def test_a_mapping_survives_a_file(tmp_path: Path) -> None:
    settings = Settings().replaced({"training.modules": PAIR})
    file = tmp_path / "settings.toml"
    file.write_text(toml(settings.to_dict()))
    assert Settings.load(file) == settings
