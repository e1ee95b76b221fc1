"""Presets: which one a game gets, what lies over what, and wrong calls."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import reinforce

from agents.policies.fit import outline
from agents.policies.network import MaskedNetwork
from arena.presets import Preset, family_of, find_preset, list_presets, settings_for
from arena.settings import Settings
from arena.training.algorithms.ppo import LeaguePPOConfig
from arena.training.run import train
from games import list_games, make_game
from leagues.errors import LeagueError

CONTINUOUS = "pettingzoo:simple_push_v3(continuous_actions=True)"

SMALL = "[optimization]\ntrain_batch_size_per_learner = 256\nminibatch_size = 128\nnum_epochs = 1\n"


def found(spec: str, name: str | None = None) -> str | None:
    preset = find_preset(make_game(spec), name)
    return None if preset is None else preset.name


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ("connect_four", "connect_four"),
        ("connect_four(view=observation)", "connect_four"),
        ("leduc_poker", "leduc_poker"),
        ("leduc_poker(players=2)", "leduc_poker"),
        ("leduc_poker(players=3)", "n_player"),
        ("kuhn_poker(players=3)", "kuhn_poker_3_players"),
        ("go(board_size=9)", "go_9x9"),
        ("go", "perfect_information"),
        ("hex(board_size=7)", "hex"),
        ("dark_hex(num_rows=3,num_cols=3)", "dark_hex"),
        ("goofspiel(num_cards=4)", "goofspiel"),
        ("matrix_rps", "matrix"),
        ("pettingzoo:rps_v2", "rps"),
        ("pettingzoo:simple_spread_v3", "simple_spread"),
        ("pettingzoo:simple_spread_v3(continuous_actions=True)", "continuous"),
        (CONTINUOUS, "continuous"),
        ("tiny_bridge_2p", "graded"),
        ("rbc", "imperfect_information"),
        ("oware", "perfect_information"),
    ],
)
def test_a_game_gets_the_preset_that_names_it_or_that_of_its_family(spec: str, name: str) -> None:
    assert found(spec) == name


@pytest.mark.parametrize(
    "spec",
    ["connect_four", "tic_tac_toe", "othello", "hex(board_size=7)", "hex", "breakthrough(rows=6)", "go(board_size=9)"],
)
def test_the_network_of_a_board_game_sees_its_board(spec: str) -> None:
    game = make_game(spec)
    preset = find_preset(game)
    assert preset is not None
    settings = Settings.from_dict(preset.values)
    assert outline(MaskedNetwork, game, settings.network.config, 1000)
    assert game.symmetries
    assert settings.network.config["orientation"] == game.spec.partition("(")[0]
    assert 0 < settings.positions.random_plies < (game.max_plies or 1000)


def test_every_preset_is_a_part_of_the_tree_and_leaves_the_machine_alone() -> None:
    for preset in list_presets():
        settings = Settings.from_dict(preset.values)
        assert settings.resources == Settings().resources, preset.name
        assert (settings.network.name, settings.training.tables) == (None, None), preset.name


@pytest.mark.parametrize("spec", [CONTINUOUS, "tiny_bridge_2p", "rbc", "oware", "leduc_poker(players=3)"])
def test_any_game_can_be_trained_with_the_preset_of_its_family(spec: str) -> None:
    LeaguePPOConfig().game(spec).preset().validate()


def test_every_preset_is_chosen_for_a_game_and_no_game_is_named_twice() -> None:
    infos = [info for info in list_games() if info.playable and info.seats > 1 and info.library == "openspiel"]
    own = ["go(board_size=9)", "kuhn_poker(players=3)", "pettingzoo:rps_v2(max_cycles=5)", CONTINUOUS]
    games = [make_game(spec) for spec in (*(info.spec for info in infos), *own, "pettingzoo:simple_spread_v3")]
    named = [preset for preset in list_presets() if preset.family is None]
    for game in games:
        assert len([preset.name for preset in named if preset.fits(game)]) <= 1, game
    assert {preset.name for preset in map(find_preset, games) if preset} == {each.name for each in list_presets()}


def test_a_family_is_decided_by_sides_scores_and_information() -> None:
    specs = ("hearts", "bridge", "leduc_poker", "liars_dice", "oshi_zumo", "chess")
    families = ["n_player", "graded", "graded", *["imperfect_information"] * 2, "perfect_information"]
    assert [family_of(make_game(spec)) for spec in specs] == families


def test_a_preset_for_another_game_is_refused_and_one_of_the_family_is_not() -> None:
    assert found("leduc_poker", "graded") == "graded"
    assert found("leduc_poker", "none") is None
    with pytest.raises(
        LeagueError, match="'connect_four' is for connect_four, but the game is 'leduc_poker'; use 'led"
    ):
        found("leduc_poker", "connect_four")
    with pytest.raises(LeagueError, match="'graded' is for games of two sides whose scores are returns, but"):
        found("connect_four", "graded")
    with pytest.raises(LeagueError, match="no preset 'conect_four'; did you mean 'connect_four'"):
        found("connect_four", "conect_four")


def test_a_file_lies_over_the_preset_and_may_name_it(tmp_path: Path) -> None:
    game, file = make_game("kuhn_poker"), tmp_path / "settings.toml"
    preset = settings_for(game)
    assert preset.preset == "kuhn_poker"
    assert preset.optimization != Settings().optimization
    file.write_text("[optimization]\nlr = 0.5\n")
    assert settings_for(game, file=file) == preset.replaced({"optimization.lr": 0.5})
    assert settings_for(game, "none", file=file) == Settings().replaced({"optimization.lr": 0.5})
    file.write_text('preset = "none"\n')
    assert settings_for(game, file=file) == Settings()
    assert settings_for(game, "kuhn_poker", file=file) == preset
    file.write_text('preset = "connect_four"\n')
    with pytest.raises(LeagueError, match="is for connect_four"):
        settings_for(game, file=file)


def test_a_file_of_settings_may_be_a_pipe() -> None:
    read, write = os.pipe()
    os.write(write, b"[optimization]\nlr = 0.5\n")
    os.close(write)
    assert settings_for(make_game("kuhn_poker"), file=Path(f"/dev/fd/{read}")).optimization.lr == 0.5
    os.close(read)


def test_another_algorithm_takes_all_of_a_preset_but_the_settings_of_the_algorithm(tmp_path: Path) -> None:
    game, file = make_game("kuhn_poker"), tmp_path / "settings.toml"
    settings = settings_for(game, algorithm="reinforce")
    assert isinstance(settings.optimization, reinforce.ReinforceSettings)
    assert settings.training == settings_for(game).training
    file.write_text('algorithm = "ppo"\n')
    with pytest.raises(
        LeagueError, match="one training algorithm, but got 'reinforce', and 'ppo' in the settings file"
    ):
        settings_for(game, algorithm="reinforce", file=file)
    with pytest.raises(LeagueError, match="no training algorithm 'pop'"):
        settings_for(game, algorithm="pop")
    config = reinforce.ReinforceConfig().game(game).preset()
    assert config.settings().training == settings.training
    assert config.settings().optimization == reinforce.ReinforceSettings()


def test_a_config_takes_a_preset_when_asked_and_what_is_set_later_lies_over_it() -> None:
    game = make_game("kuhn_poker")
    plain = LeaguePPOConfig().game(game).settings()
    assert plain.preset is None
    config = LeaguePPOConfig().game(game).preset().training(lr=0.5)
    expected = settings_for(game).replaced({"optimization.lr": 0.5, "network.name": "masked"})
    assert config.settings() == expected
    assert LeaguePPOConfig().game(game).preset("none").settings() == plain
    with pytest.raises(LeagueError, match=r"call \.game\(\) before \.preset\(\)"):
        config.game("leduc_poker")
    with pytest.raises(LeagueError, match="needs a game"):
        LeaguePPOConfig().preset()


def test_a_league_stores_the_preset_and_a_resumed_one_takes_no_other(tmp_path: Path) -> None:
    from arena import open_league

    file, league = tmp_path / "small.toml", tmp_path / "league"
    file.write_text(SMALL)
    changes = {"evaluation.games_at_end": 0, "evaluation.exploitability_every": 0, "training.tables": 8}
    train("tic_tac_toe", league=league, steps=1, settings=file, changes=changes, seed=1)
    with open_league(league) as opened:
        stored = Settings.from_dict(opened.info.settings)
    assert stored.preset == "tic_tac_toe"
    assert stored.league == settings_for(make_game("tic_tac_toe")).league
    with pytest.raises(LeagueError, match="keeps its settings and its seed, but resume=True is given with preset"):
        train("tic_tac_toe", league=league, steps=1, resume=True, preset="none")
    with pytest.raises(LeagueError, match="is taken as it is, but preset='none' is given"):
        train("tic_tac_toe", league=tmp_path / "other", steps=1, settings=stored, preset="none")


def test_a_preset_says_what_it_is_for() -> None:
    assert Preset("a", ("hex", "hex(*)"), None, {}).purpose == "hex, hex(*)"
    assert Preset("a", (), "n_player", {}).purpose == "games of more than two sides"
