"""BC and MARWIL learn from recorded games: their losses, what they read, and how well they play then."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from recorded_league import recorded_league

from arena import LeagueBCConfig, LeagueMARWILConfig, export_episodes
from arena.play.exploitability import exploitability
from arena.play.matches import play_match
from arena.training.algorithms import algorithm_config
from arena.training.offline.data import OfflineData, load
from games import make_game
from leagues.records import LeagueError, Member

pytestmark = [pytest.mark.usefixtures("local_ray"), pytest.mark.slow]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("recorded")


@pytest.fixture(scope="module")
def equilibrium(folder: Path) -> Path:
    return recorded_league(folder / "equilibrium", "kuhn_poker", "equilibrium", "equilibrium", games=2000)


@pytest.fixture(scope="module")
def random_play(folder: Path) -> Path:
    return recorded_league(folder / "random", "kuhn_poker", "random", "random", games=2000)


@pytest.fixture(scope="module")
def perfect(folder: Path) -> Path:
    return recorded_league(folder / "perfect", "tic_tac_toe", "perfect", "random", games=300)


def config(algorithm: str, game: str, *inputs: object, **settings: Any) -> Any:
    league: dict[str, Any] = {"anchors": (), "games_per_iteration": 2, "averaged_iterations": 4}
    made = algorithm_config(algorithm)().game(game).league(**league).offline_data(input_=[str(each) for each in inputs])
    made.training(train_batch_size_per_learner=2048, minibatch_size=128, **settings)
    return made.env_runners(num_envs_per_env_runner=16).debugging(seed=1, log_level="ERROR")


def trained(build: Any, config: Any, iterations: int) -> Any:
    algorithm = build(config)
    for _ in range(iterations):
        algorithm.train()
    return algorithm.snapshots.agent("main")


def test_bc_comes_close_to_the_equilibrium_that_it_saw(build: Any, equilibrium: Path) -> None:
    agent = trained(build, config("bc", "kuhn_poker", equilibrium, num_epochs=2), 12)
    assert exploitability("kuhn_poker", agent).nash_conv < 0.12, "measured: 0.03; playing at random: 0.92"


def test_bc_plays_like_the_member_whose_steps_it_learns_from(build: Any, perfect: Path) -> None:
    bc = config("bc", "tic_tac_toe", f"{perfect}:perfect", lr=3e-3, num_epochs=4)
    agent = trained(build, bc, 12)
    score = play_match("tic_tac_toe", [agent, "random"], games=400, seed=3).score
    assert score > 0.75, "measured: 0.9; playing at random: 0.5"


def test_marwil_prefers_what_paid_where_bc_imitates_all(build: Any, random_play: Path) -> None:
    returns = {}
    for algorithm in ("bc", "marwil"):
        agent = trained(build, config(algorithm, "kuhn_poker", random_play, num_epochs=2), 12)
        returns[algorithm] = play_match("kuhn_poker", [agent, "random"], games=4000, seed=3).score
    assert returns["bc"] == pytest.approx(0, abs=0.08)
    assert returns["marwil"] > returns["bc"] + 0.1, returns


def test_marwil_without_beta_is_bc(build: Any, random_play: Path) -> None:
    states = []
    for made in (config("bc", "kuhn_poker", random_play), config("marwil", "kuhn_poker", random_play, beta=0.0)):
        algorithm = build(made)
        algorithm.train()
        states.append(algorithm.learners.state()["rl_module"]["main"])
    for name, value in states[0].items():
        np.testing.assert_array_equal(value, states[1][name])


def test_no_game_is_played_for_learning_and_evaluation_goes_on(build: Any, random_play: Path) -> None:
    made = config("bc", "kuhn_poker", random_play).league(snapshot_min_steps=1000, snapshot_max_steps=5000)
    algorithm = build(made)
    while "main@2" not in algorithm.session.members:
        algorithm.train()
    for _ in range(2):
        algorithm.train()
    kinds = {match.kind for match in algorithm.session.writer.matches(limit=None)}
    assert kinds == {"evaluation"}
    assert algorithm.session.progress.games == 0
    assert algorithm.session.progress.env_steps == algorithm.session.progress.agent_steps > 0


def test_inputs_are_leagues_members_files_and_folders(tmp_path: Path, random_play: Path, equilibrium: Path) -> None:
    game = make_game("kuhn_poker")
    export_episodes(random_play, tmp_path / "files")
    [file] = (tmp_path / "files").iterdir()
    whole = load([str(random_play)], game)
    for name in (file, file.parent):
        np.testing.assert_array_equal(load([str(name)], game).observations, whole.observations)
    assert len(load([str(random_play), str(equilibrium)], game)) == len(whole) + len(load([str(equilibrium)], game))
    half = load([f"{random_play}:random"], game)
    assert 0 < len(half) <= len(whole)
    with pytest.raises(LeagueError, match="plays 'kuhn_poker', but the game is 'tic_tac_toe'"):
        load([str(random_play)], make_game("tic_tac_toe"))
    with pytest.raises(LeagueError, match="is no league and no file of episodes"):
        load([str(tmp_path / "nothing")], game)


def test_a_module_learns_from_its_seats_and_no_episode_is_drawn_twice(random_play: Path) -> None:
    game = make_game("kuhn_poker")
    apart = [Member("main", "learner", "main", modules={name: f"main.{name}" for name in game.agent_ids})]
    data = OfflineData(load([str(random_play)], game), apart, game)
    drawn = data.draw(500, np.random.default_rng(1))
    assert sorted(drawn) == ["main.player_0", "main.player_1"]
    assert 500 <= sum(map(len, drawn.values())) < 503
    for seat, steps in enumerate(drawn.values()):
        assert set(steps.seats.tolist()) == {seat}
        assert len(set(steps.games.tolist())) == len(steps.games)
    everything = data.draw(10**9, np.random.default_rng(1))
    assert sum(map(len, everything.values())) == len(data.trajectories)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.offline_data(input_=[]), "learns from recorded games, but got none; name them with --data"),
        (lambda c: c.league(roles={"main": 1, "main_exploiter": 1}), "trains main learners only.*drop main_exploiter"),
        (lambda c: c.offline_data(output="out"), "plays no training games, so `output` has nothing to write"),
        (lambda c: c.league(trace="out"), "plays no training games, so `trace` has nothing to write"),
        (lambda c: c.training(beta=0.5), "beta=0.5 has no effect in a league; BC imitates all moves alike"),
        (lambda c: c.training(bc_logstd_coeff=0.1), "have no standard deviations"),
        (lambda c: c.rl_module(model_config={"network": "gru"}), "learns from single steps"),
    ],
)
def test_what_makes_no_sense_is_refused(change: Any, message: str) -> None:
    made = change(LeagueBCConfig().game("kuhn_poker").offline_data(input_="files"))
    with pytest.raises((LeagueError, ValueError), match=message) as raised:
        made.build_algo()
    assert "\n" not in str(raised.value)


def test_marwil_keeps_the_average_of_its_advantages(build: Any, tmp_path: Path, random_play: Path) -> None:
    made = config("marwil", "kuhn_poker", random_play).league(tmp_path / "league")
    algorithm = build(made)
    for _ in range(2):
        algorithm.train()
    norms = algorithm.learners.state()["league"]["sqd_adv_norms"]
    assert 0 < norms["main"] != LeagueMARWILConfig().moving_average_sqd_adv_norm_start
    algorithm.learners.reset({"main": algorithm.learners.state()["rl_module"]["main"]})
    assert algorithm.learners.state()["league"]["sqd_adv_norms"] == {}
