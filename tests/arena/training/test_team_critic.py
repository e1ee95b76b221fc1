"""Values that read what a whole team sees, while each seat acts on what it sees itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pairs_game
import pytest
import torch
from ray.rllib.core.columns import Columns
from ray.rllib.core.rl_module import RLModuleSpec
from ray.rllib.core.rl_module.apis.value_function_api import ValueFunctionAPI
from ray.rllib.core.rl_module.torch import TorchRLModule
from recorded_league import recorded_league
from small_training import module_state, small
from torch import nn

from agents.contract import Turn
from agents.policies import weights
from agents.policies.agent import build_policy, module_batch
from agents.policies.interface import TEAM, TEAM_SEATS
from agents.policies.network import OBSERVATION, MaskedNetwork, build_network
from agents.policies.onnx import exportable
from arena import load_agent, play_match
from arena.training.algorithms import algorithm_config
from arena.training.columns import Trajectories
from arena.training.team_critic import with_team
from games import make_game
from leagues.errors import LeagueError

TEAM_CRITIC = {"fcnet_hiddens": [16], "vf_observations": "team"}
GAME = pairs_game.spec(luck=2.0)


def config(folder: Path | None = None, game: str = GAME, algorithm: str = "ppo", **model_config: Any) -> Any:
    made = small(game, folder, algorithm=algorithm)
    return made.rl_module(model_config=TEAM_CRITIC | model_config)


def steps(
    seats: list[int], games: list[int], plies: list[list[int]], truncated: list[bool], first: int = 0
) -> Trajectories:
    """Trajectories whose observations count the steps from ``first`` on, those of last positions backwards."""
    count, cut = sum(map(len, plies)), sum(truncated)
    return Trajectories(
        observations=np.arange(first, first + count, dtype=np.float32)[:, None],
        masks=np.ones((count, 2), np.bool_),
        seats=np.repeat(seats, [len(each) for each in plies]),
        actions=np.zeros(count, np.int64),
        dist_inputs=np.zeros((count, 0), np.float32),
        log_probs=np.zeros(count, np.float32),
        values=np.zeros(count, np.float32),
        rewards=np.zeros(count, np.float32),
        plies=np.concatenate(plies),
        offsets=np.cumsum([0, *map(len, plies)]),
        final_values=np.zeros(len(seats), np.float32),
        games=np.array(games),
        truncated=np.array(truncated),
        final_observations=-1 - np.arange(first, first + cut, dtype=np.float32)[:, None],
        final_masks=np.ones((cut, 2), np.bool_),
    )


def test_a_value_reads_what_partners_saw_newest_and_nothing_of_others_or_of_later() -> None:
    # Seats 0 and 2 are partners; 0 and 1 have one module, 2 the other. In game 5 all act at once and it is truncated;
    # in game 7 seats 0 and 2 act in turn, 2 first.
    one = steps([0, 1, 0], [5, 5, 7], [[0, 1], [0, 1], [1, 3]], [True, True, False])
    two = steps([2, 2], [5, 7], [[0, 1], [0, 2]], [True, False], first=10)
    asked: dict[str, Any] = {}

    def values(observations: Any, seats: Any, team: Any, there: Any) -> Any:
        asked["all"] = observations, seats, team, there
        return team.sum((1, 2)) + 100

    found = with_team({"one": one, "two": two}, (0, 1, 0), {"one": values})
    assert found["two"] is two, "its value reads what the seat sees"
    done = found["one"]
    rows = [[0, None, 10], [1, None, 11], [None, 2, None], [None, 3, None], [4, None, 12], [5, None, 13]]
    ends = [[-1, None, -11], [None, -2, None]]
    np.testing.assert_array_equal(done.team_seats, [[each is not None for each in row] for row in rows])
    np.testing.assert_array_equal(done.team_observations[:, :, 0], [[each or 0 for each in row] for row in rows])
    np.testing.assert_array_equal(done.values, [sum(filter(None, row)) + 100 for row in rows])
    np.testing.assert_array_equal(done.final_values, [sum(filter(None, row)) + 100 for row in ends] + [0])
    assert len(asked["all"][0]) == len(one) + 2
    assert not one.values.any(), "the columns of the runner stay as they are"


def test_a_partner_that_has_not_acted_yet_is_not_there() -> None:
    found = with_team(
        {"one": steps([0, 1], [3, 3], [[0, 2], [1]], [False, False])},
        (0, 0),
        {"one": lambda observations, seats, team, there: there.sum(1).astype(np.float32)},
    )
    np.testing.assert_array_equal(found["one"].values, [1, 2, 2])


def team_batch(rows: int = 6) -> dict[str, Any]:
    game, rng = make_game(GAME), np.random.default_rng(0)
    seats = np.arange(rows) % 4
    batch = module_batch(rng.random((rows, 2)).astype(np.float32), np.ones((rows, 2), np.bool_), seats, game.num_seats)
    there = (np.array(game.teams)[seats][:, None] == np.array(game.teams)).astype(np.bool_)
    team = rng.random((rows, 4, 2)).astype(np.float32) * there[:, :, None]
    team[np.arange(rows), seats] = batch[Columns.OBS][OBSERVATION]
    batch[Columns.OBS] |= {TEAM: torch.from_numpy(team), TEAM_SEATS: torch.from_numpy(there)}
    return batch


def test_the_policy_reads_its_own_observation_and_the_value_those_of_the_team() -> None:
    network = build_network(MaskedNetwork, make_game(GAME), TEAM_CRITIC)
    batch = team_batch()
    output = network.forward_train(batch)
    other = {Columns.OBS: {**batch[Columns.OBS], TEAM: batch[Columns.OBS][TEAM].flip(0)}}
    changed = network.forward_train(other)
    torch.testing.assert_close(changed[Columns.ACTION_DIST_INPUTS], output[Columns.ACTION_DIST_INPUTS])
    assert not torch.allclose(changed[Columns.VF_PREDS], output[Columns.VF_PREDS])
    torch.testing.assert_close(network.compute_values(batch), output[Columns.VF_PREDS])
    absent = {**batch[Columns.OBS], TEAM: batch[Columns.OBS][TEAM] + ~batch[Columns.OBS][TEAM_SEATS][:, :, None] * 9.0}
    torch.testing.assert_close(network.compute_values({Columns.OBS: absent}), output[Columns.VF_PREDS])
    output[Columns.VF_PREDS].sum().backward()
    assert all(parameter.grad is None for parameter in [*network.trunk.parameters(), *network.policy.parameters()])


def test_without_a_team_it_acts_and_has_no_value() -> None:
    network = build_network(MaskedNetwork, make_game(GAME), TEAM_CRITIC)
    batch = team_batch()
    alone = {Columns.OBS: {name: batch[Columns.OBS][name] for name in ("observation", "action_mask", "seat")}}
    assert network.forward_inference(alone).keys() == {Columns.ACTION_DIST_INPUTS}
    with pytest.raises(ValueError, match="which only a league's training gives"):
        network.compute_values(alone)


def explained(build: Any, **model_config: Any) -> float:
    algorithm = build(config(**model_config).training(lr=3e-3, num_epochs=8, vf_clip_param=100.0, gamma=0.0))
    for _ in range(12):
        algorithm.train()
    return float(algorithm.session.progress.metrics["main"]["vf_explained_var"])


@pytest.mark.slow
def test_it_foretells_what_no_seat_can_alone(build: Any) -> None:
    assert explained(build) > 0.8
    assert explained(build, vf_observations=None) < 0.4


@pytest.mark.slow
@pytest.mark.parametrize("module_per_seat", [False, True])
def test_a_league_trains_with_it_goes_on_and_its_snapshots_play_alone(
    build: Any, tmp_path: Path, module_per_seat: bool
) -> None:
    def made() -> Any:
        shared = {"shared_encoder": "team"} if module_per_seat else {}
        return config(tmp_path / "league", **shared).league(module_per_seat=module_per_seat)

    algorithm = build(made())
    while "main@1" not in algorithm.session.members:
        algorithm.train()
    algorithm.train()  # against a snapshot, whose seats no one learns from
    before = {
        name: {key: each.copy() for key, each in state.items()} for name, state in module_state(algorithm).items()
    }
    data = algorithm.session.store.weights.get(algorithm.session.members["main@1"].weights)
    algorithm.stop()

    game = make_game(GAME)
    seats = np.arange(4)
    turn = Turn(np.zeros((4, 2), np.float32), np.ones((4, 2), np.bool_), seats, seats, lambda table: game.new_state(1))
    policy = build_policy(*weights.parse(data), game)
    assert policy.values(turn) is None
    np.testing.assert_allclose(policy.probabilities(turn).sum(1), 1, rtol=1e-6)
    exported = exportable(*weights.parse(data), game)
    assert [port.name for port in exported.outputs] == ["log_probabilities"]
    agent = load_agent(f"{tmp_path / 'league'}:main@1", game)
    assert play_match(GAME, [agent, "random"], games=10, seed=1).games == 10

    resumed = build(made())
    np.testing.assert_equal(module_state(resumed), before)
    resumed.train()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"game": "kuhn_poker"}, "no seat of 'kuhn_poker' has a partner"),
        ({"vf_observations": "state"}, "`vf_observations` must be \"team\" or none, but got 'state'"),
        ({"vf_share_layers": True}, "a trunk of its own and no memory"),
        ({"network": "lstm"}, "a trunk of its own and no memory"),
        ({"algorithm": "dqn"}, "`model_config` has the settings .* but got 'vf_observations'"),
    ],
)
def test_a_value_that_cannot_read_the_team_is_refused(
    local_ray: Any, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises((LeagueError, ValueError), match=message) as raised:
        config(tmp_path / "league", **changes).build_algo()
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "league").exists()


class Own(TorchRLModule, ValueFunctionAPI):
    """A network of a user whose value sums up what the team sees."""

    def setup(self) -> None:
        self.policy = nn.Linear(2, 2)
        self.value = nn.Linear(2, 1)

    def _forward(self, batch: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        return {Columns.ACTION_DIST_INPUTS: self.policy(batch[Columns.OBS][OBSERVATION])}

    def compute_values(self, batch: dict[str, Any], embeddings: Any = None) -> torch.Tensor:
        return self.value(batch[Columns.OBS][TEAM].sum(1)).squeeze(-1)


class Remembering(Own):
    """One that remembers as well."""

    def get_initial_state(self) -> dict[str, torch.Tensor]:
        return {"h": torch.zeros(2)}


def test_a_network_of_your_own_with_a_memory_is_refused(local_ray: Any, tmp_path: Path) -> None:
    made = config(tmp_path / "league").rl_module(rl_module_spec=RLModuleSpec(module_class=Remembering))
    with pytest.raises(LeagueError, match="what the team sees has no memory, but Remembering remembers"):
        made.rl_module(model_config={"vf_observations": "team"}).build_algo()
    assert not (tmp_path / "league").exists()


def test_a_network_of_your_own_reads_it_in_compute_values(build: Any) -> None:
    made = config().rl_module(rl_module_spec=RLModuleSpec(module_class=Own), model_config={"vf_observations": "team"})
    algorithm = build(made)
    before = {name: value.copy() for name, value in module_state(algorithm)["main"].items()}
    algorithm.train()
    assert not np.array_equal(module_state(algorithm)["main"]["value.weight"], before["value.weight"])


def with_algorithm(algorithm: str, **model_config: Any) -> Any:
    made = algorithm_config(algorithm)().game(GAME).league(anchors=())
    made.training(train_batch_size_per_learner=512, minibatch_size=128).env_runners(
        num_envs_per_env_runner=16
    ).debugging(seed=1)
    return made.rl_module(model_config=TEAM_CRITIC | model_config)


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", ["impala", "appo"])
def test_other_algorithms_that_learn_values_of_what_they_play_take_it(build: Any, algorithm: str) -> None:
    made = build(with_algorithm(algorithm))
    made.train()
    before = module_state(made)["main"]["team.0.weight"].copy()
    made.train()
    assert not np.array_equal(module_state(made)["main"]["team.0.weight"], before)


def test_an_algorithm_that_learns_from_recorded_games_refuses_it(local_ray: Any, tmp_path: Path) -> None:
    data = str(recorded_league(tmp_path / "games", "tic_tac_toe", "random", "random", games=2))
    with pytest.raises(LeagueError, match="the algorithm 'marwil' does not know what partners saw"):
        with_algorithm("marwil").offline_data(input_=data).build_algo()


@pytest.mark.slow
def test_remote_runners_send_what_teams_saw(build: Any) -> None:
    algorithm = build(config(game="kuhn_poker(players=4,teams=0101)").env_runners(num_env_runners=2))
    algorithm.train()
    before = module_state(algorithm)["main"]["team.0.weight"].copy()
    algorithm.train()
    assert not np.array_equal(module_state(algorithm)["main"]["team.0.weight"], before)
