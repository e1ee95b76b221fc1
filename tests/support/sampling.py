"""A sampler whose live module plays uniformly, an endless source of self-play for it, and random experience."""

import numpy as np

from arena.play.source import Seating
from arena.settings import TrainingSettings
from arena.training.columns import Trajectories
from arena.training.sampler import Sampler
from arena.training.samples import Decision
from leagues.records import Pairing


def uniform(game, rng):
    """A live module that plays uniformly over the legal actions."""

    def decide(module_id, turn):
        odds = turn.masks / turn.masks.sum(1, keepdims=True)
        actions = (odds / rng.standard_exponential(odds.shape)).argmax(1)
        logits = np.where(turn.masks, 0.0, -1e9).astype(np.float32)
        log_probs = np.log(odds[np.arange(len(actions)), actions]).astype(np.float32)
        return Decision(actions, logits, log_probs, np.full(len(actions), 0.25, np.float32))

    return decide


def make_sampler(game, size=7, seed=0, symmetries=(), **settings):
    rng = np.random.default_rng(seed)
    return Sampler(
        game,
        size,
        decide=uniform(game, rng),
        value=lambda module, obs, seats, states: np.full(len(seats), 9.0, np.float32),
        rng=rng,
        settings=TrainingSettings(**settings),
        symmetries=symmetries,
    )


def self_play(game, rng, learner="main"):
    while True:
        pairing = Pairing((learner,) * game.num_seats, int(rng.integers(2**60)), 0, 0, "training", learner)
        yield Seating((learner,) * game.num_seats, pairing, (None,) * game.num_seats, (True,) * game.num_seats)


def trajectories(lengths, rng, finals=None, truncated=None):
    """Random experience: one trajectory for each of ``lengths``."""
    total = sum(lengths)
    return Trajectories(
        observations=rng.random((total, 3)).astype(np.float32),
        masks=np.ones((total, 2), bool),
        seats=np.zeros(total, np.int64),
        actions=rng.integers(2, size=total),
        dist_inputs=np.zeros((total, 2), np.float32),
        log_probs=np.zeros(total, np.float32),
        values=rng.random(total).astype(np.float32),
        rewards=rng.normal(size=total).astype(np.float32),
        plies=np.arange(total),
        offsets=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        final_values=(rng.random(len(lengths)) if finals is None else finals).astype(np.float32),
        games=np.arange(len(lengths)),
        truncated=np.asarray(truncated, bool) if truncated is not None else np.zeros(len(lengths), bool),
        final_observations=rng.random((sum(truncated or ()), 3)).astype(np.float32),
        final_masks=np.ones((sum(truncated or ()), 2), bool),
    )


def replay_seat(game, match, seat):
    """Observations (with the last), actions and rewards of one seat, from the recorded game alone."""
    seen, chosen, earned = [], [], []
    before, early = None, 0.0  # what comes before a seat's first action is kept with it
    for state in game.replay(match.seed, match.history):
        if before is not None:
            acted, total, action = before
            gained = state.returns()[seat] - total
            if acted:
                chosen.append(action)
                earned.append(early + gained)
                early = 0.0
            elif earned:
                earned[-1] += gained
            else:
                early += gained
        acts = seat in state.acting()
        if acts or state.ending() is not None:
            observation = np.empty(game.observation_shape, np.float32)
            state.observe(seat, observation, np.empty(game.num_actions, bool))
            seen.append(observation)
        moves = [move for move in match.history if move[0] >= 0]
        done = sum(player >= 0 for player, _ in state.history())
        action = next((a for p, a in moves[done : done + len(state.acting())] if p == seat), None)
        before = (acts, state.returns()[seat], action)
    return seen, chosen, earned
