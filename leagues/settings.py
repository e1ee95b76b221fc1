"""The settings of a league: its training matches, its snapshots, and its evaluation matches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from leagues.errors import LeagueError
from leagues.setting_groups import SettingsGroup, setting


@dataclass(frozen=True)
class LeagueSettings(SettingsGroup):
    """How a league makes its training matches and its snapshots."""

    roles: Mapping[str, int] = setting(
        {"main": 1}, "Number of learners of each role.", unit="learners", low=0, high=100
    )
    baselines: tuple[str, ...] = setting(("random",), "Agents that are members from the start, as first opponents.")
    opponents: Mapping[str, float] = setting(
        {"pfsp": 0.25, "latest": 0.25, "uniform": 0.5},
        "Share of a main learner's matches for each sampler of opponents, or of a best response's matches for each "
        "opponent; the shares sum to 1.",
        low=0,
        high=1,
    )
    pfsp_weighting: str = setting(
        "hard",
        "Which opponents prioritised fictitious self-play prefers.",
        choices=("hard", "variance", "linear", "capped"),
    )
    snapshot_win_rate: float = setting(
        0.7,
        "A snapshot is due when the learner scores more than this against every opponent that counts.",
        low=0,
        high=1,
    )
    snapshot_min_steps: int = setting(
        100_000, "Minimum agent steps between two snapshots of a learner.", unit="agent steps", low=1, high=10**12
    )
    snapshot_max_steps: int = setting(
        400_000,
        "Agent steps after which a snapshot is due whatever the scores are.",
        unit="agent steps",
        low=1,
        high=10**12,
    )
    gate: str = setting(
        "win_rate",
        "What a main learner has to show between `snapshot_min_steps` and `snapshot_max_steps` to be frozen: the score "
        "`snapshot_win_rate` in training, or an accepted sequential test against its newest snapshot.",
        choices=("win_rate", "sprt"),
    )
    gate_elo: float = setting(
        50.0,
        "Advantage that the gate `sprt` tests for, against none; 347 is one standard deviation of a game.",
        unit="normalised Elo",
        above=0,
        high=1000,
    )
    gate_games: int = setting(
        1000, "Games after which a test of the gate `sprt` ends and fails.", unit="games", low=1, high=10**6
    )
    payoff_decay: float = setting(
        0.99, "Weight that a training game keeps when the same two members play one more.", above=0, high=1
    )
    opponents_at_once: int = setting(
        4,
        "Different opponents drawn for a learner and sampler in one plan; each costs a forward pass per step.",
        low=1,
        high=1000,
    )
    enough_games: float = setting(
        20.0, "Decayed games against an opponent before the score against it counts.", unit="games", low=0
    )
    score_games: int = setting(
        100,
        "In graded games, such as poker, the score against an opponent is the probability of a positive mean return "
        "over this many games.",
        unit="games",
        low=1,
        high=10**6,
    )
    beaten: float = setting(
        0.98, "A baseline counts as beaten from this score on: the learner no longer trains against it.", low=0, high=1
    )
    hopeless: float = setting(
        0.1,
        "Score against the live main up to which a main exploiter trains against main's past instead.",
        low=0,
        high=1,
    )

    def _check(self) -> None:
        if self.snapshot_min_steps > self.snapshot_max_steps:
            raise LeagueError(
                "`snapshot_min_steps <= snapshot_max_steps` must hold, but got "
                f"snapshot_min_steps={self.snapshot_min_steps}, snapshot_max_steps={self.snapshot_max_steps}"
            )
        if abs(sum(self.opponents.values()) - 1) > 1e-9:
            raise LeagueError(f"the shares of `opponents` must sum to 1, but got {dict(self.opponents)}")
        if len(set(self.baselines)) < len(self.baselines):
            raise LeagueError(f"`baselines` must not repeat, but got {self.baselines}")


@dataclass(frozen=True)
class EvaluationSettings(SettingsGroup):
    """How many evaluation matches are played for the ratings, and between whom."""

    games_per_iteration: int | None = setting(
        None,
        "Evaluation games per training iteration.",
        unit="games",
        low=0,
        high=10**6,
        none="fits the length of the game",
        fitted=True,
    )
    games_at_end: int = setting(
        200, "Evaluation games that every frozen member has at least when a run ends.", unit="games", low=0, high=10**6
    )
    seconds_at_end: float = setting(
        20.0,
        "Time for evaluation games when a run ends; the round under way is finished.",
        unit="seconds",
        low=0,
        high=10**6,
    )
    blocks_in_a_row: int = setting(
        8,
        "Blocks that a pair plays at once; members that play cost loading and forward passes.",
        unit="blocks",
        low=1,
        high=10**6,
    )
    pairs_ahead: float = setting(
        0.125, "Pairs chosen at once per frozen member; choosing fits all ratings anew.", unit="pairs", low=0, high=1000
    )
    anchors: tuple[str, ...] | None = setting(
        None,
        "Agents from outside that snapshots are measured against. Nobody trains against them.",
        none="fits the game",
        fitted=True,
    )
    exploitability_every: int | None = setting(
        None,
        "Training iterations between two exact measurements of the exploitability of main learners; 0 never measures.",
        unit="iterations",
        low=0,
        high=10**9,
        none="10 in games of at most 1,000,000 positions, 0 in others",
        fitted=True,
    )
    anchor_share: float = setting(
        0.1, "Most of the time of evaluation games that games with anchors take.", low=0, high=0.9
    )

    def _check(self) -> None:
        if self.anchors is not None and len(set(self.anchors)) < len(self.anchors):
            raise LeagueError(f"`anchors` must not repeat, but got {self.anchors}")
