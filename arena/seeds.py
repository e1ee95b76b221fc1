"""Named streams of random numbers: every generator of the arena comes from here.

RLlib keeps one to itself: it seeds torch's global generator of each learner and runner process with the config's seed
when it builds them. The first weights of a new league come from there. A user's own network or loss that draws numbers
does so, too, and repeats them after a resume.

A stream is named by a seed, a purpose and the purpose's keys. All of them become one array of fixed width, because
NumPy pads a shorter seed with zeros: there ``[7, 1]`` and ``[7, 1, 0]`` are the same stream. Here two different names
never share one.
"""

from __future__ import annotations

from enum import Enum

import numpy as np

KEYS = 2
"""The most keys that a purpose has."""


class Purpose(Enum):
    """What a stream is for: its number, which never changes, and its keys.

    The seed is a league's, unless the comment names another one.
    """

    TRAINING_PLAN = 1, ("plan",)
    """Who meets whom in the games of a training plan. Plans are named by :attr:`arena.training.planner.Plan.key`: by
    their iteration, if it has only one."""
    EVALUATION_PLAN = 2, ("event",)
    """Who meets whom in the evaluation matches of an event."""
    SAMPLING = 3, ("plan", "runner")
    """Actions and further game seeds of a runner while it plays a training plan."""
    EPISODES = 4, ("runner", "in_evaluation")
    """What a runner draws when RLlib calls ``sample()``."""
    MODULE_RESET = 5, ("iteration",)
    """New weights of the learners that start over after an iteration."""
    MATCH_AGENT = 6, ("player",)
    """Actions of one player in the matches of one call. The seed is that of the first match."""
    MATCH_BLOCKS = 7, ()
    """Seeds of the blocks of a match between named agents. The seed is the call's."""
    GAME_LENGTH = 8, ()
    """The random game that shows how long a game is."""
    MINIBATCHES = 9, ("iteration",)
    """The order of the rows in every epoch of an iteration. All learners of a group use it, on rows of their own."""
    OPENING = 12, ()
    """The opening of a block, and which recorded one it takes. The seed is the block's."""
    RANKINGS = 16, ()
    """Resamples of a ranking. The seed is 0."""
    RATING_MATCHES = 17, ("event", "block")
    """Seeds of the blocks of a round of rating matches. The block is the last one before it."""
    GATE = 18, ("iteration", "learner")
    """Seeds of the games in which a learner has to beat its newest snapshot. The learner is its place among them."""
    CONTEST_BLOCKS = 19, ()
    """Seeds of the blocks of a tournament or a sequential test. The seed is the call's."""
    TREE_PROBES = 20, ()
    """Random games that estimate the size of a game's tree."""
    BEST_RESPONSE = 21, ("use",)
    """Training (0) and fresh games (1) of a best response. The seed is the call's."""
    ACCURACY = 22, ("use",)
    """Positions of random games (0) and of own games (1), and the moves of the agent (2). The seed is the call's."""
    ANCHOR_PLAN = 24, ("event",)
    """Seeds of the games with anchors in the evaluation matches of an event."""
    RATING_PAIRS = 26, ("event", "block")
    """Who meets whom in a round of rating matches; the keys are those of its seeds."""
    RESET = 27, ("iteration", "learner")
    """Whether a learner starts over after a snapshot. The learner is its place among them."""
    VERIFIED_SAMPLE = 25, ()
    """Which matches are played again when a league is verified. The seed is the call's."""

    RANDOM_PLIES = 39, ("plan", "runner")
    """How many random steps the games of a training plan begin with at a runner, and these steps."""
    RECORDED_OPENINGS = 40, ("plan",)
    """Which games of a training plan begin with recorded moves, and with which."""
    DISTILL = 31, ("use",)
    """First weights of a distilled network (0), its training games and minibatches (1), games that it has not seen (2)
    and games against the mixture (3). The seed is the call's."""
    POPULATION_START = 32, ("learner",)
    """First hyper-parameters of a main. The learner is its place among the mains."""
    POPULATION = 33, ("iteration", "learner")
    """With whom a main is compared after an iteration, and its mutation. The learner is its place among the learners.
    """

    SELF_PLAY_RETURN = 43, ("iteration", "learner")
    """Seeds of the games in which a learner plays every seat, for its mean return. The learner is its place."""
    REPLAY = 60, ("module",)
    """Which of its past steps a module learns from in an iteration. The module is its place among the learners'; the
    seed is the number of the iteration's minibatches."""
    OFFLINE_DATA = 70, ("iteration",)
    """Which recorded episodes an iteration of an offline algorithm learns from."""
    HINT = 50, ("moves",)
    """The search that a person asks for a hint after so many moves. The seed is the game's."""
    NAMED_OPPONENTS = 62, ("iteration",)
    """The order in which a learner meets opponents by name in RLlib's evaluation after an iteration, and seeds."""
    EXPORT = 61, ()
    """Random games whose positions an exported network is compared in. The seed is the league's."""

    @property
    def keys(self) -> tuple[str, ...]:
        """The names of the keys, in order."""
        names: tuple[str, ...] = self.value[1]
        return names


def stream(seed: int, purpose: Purpose, *keys: int) -> np.random.Generator:
    """The generator of one stream: equal arguments give equal generators, different ones independent ones.

    Args:
        seed: 0 or above, below 2**64.
        purpose: what the numbers are for.
        keys: one number for each of ``purpose.keys``, in the same range.

    Raises:
        ValueError: a number is missing, too many, or out of its range.
    """
    return np.random.default_rng(_sequence(seed, purpose, keys))


def number(seed: int, purpose: Purpose, *keys: int) -> int:
    """A number below 2**63 that stands for a stream, for libraries that take a seed. Arguments as of :func:`stream`."""
    return int(_sequence(seed, purpose, keys).generate_state(1, np.uint64)[0] >> 1)


def _sequence(seed: int, purpose: Purpose, keys: tuple[int, ...]) -> np.random.SeedSequence:
    if len(keys) != len(purpose.keys):
        raise ValueError(f"{purpose.name} has the keys {purpose.keys}, but got {keys}")
    numbers = [seed, *keys]
    if not all(0 <= value < 2**64 for value in numbers):
        raise ValueError(f"a seed and its keys must be 0 or above and below 2**64, but got {seed=}, {keys=}")
    numbers += [0] * (1 + KEYS - len(numbers))
    words = [purpose.value[0], *(half for value in numbers for half in (value & 0xFFFFFFFF, value >> 32))]
    return np.random.SeedSequence(words)  # always the same number of 32-bit words
