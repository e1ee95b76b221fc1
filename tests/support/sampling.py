"""A sampler whose live module plays uniformly, and an endless source of self-play for it."""

import numpy as np

from arena.settings import TrainingSettings
from arena.training.sampler import Sampler
from arena.training.samples import Decision, Seating
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


def make_sampler(game, size=7, seed=0, **settings):
    rng = np.random.default_rng(seed)
    return Sampler(
        game,
        size,
        decide=uniform(game, rng),
        value=lambda module, obs, seats: np.full(len(seats), 9.0, np.float32),
        rng=rng,
        settings=TrainingSettings(**settings),
    )


def self_play(game, rng, learner="main"):
    while True:
        pairing = Pairing((learner,) * game.num_seats, int(rng.integers(2**60)), 0, 0, "training", learner)
        yield Seating((learner,) * game.num_seats, (True,) * game.num_seats, pairing, (None,) * game.num_seats)
