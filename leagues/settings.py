"""The settings of a league: its training matches, its snapshots, and its evaluation matches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from leagues.errors import LeagueError
from leagues.pool import KEPT_PER_LEARNER
from leagues.setting_groups import SettingsGroup, setting

ALONE: Mapping[str, float] = {"latest": 1.0}
"""Self-play, the mix of a main learner without exploiters (docs/strength.md says what others are worth)."""

WITH_EXPLOITERS: Mapping[str, float] = {"pfsp_hard": 0.5, "self_play": 0.35, "verification": 0.15}
"""The mix of AlphaStar (Vinyals et al. 2019). A main that plays only itself would never meet what exploits it."""

EXPLOITERS = frozenset({"main_exploiter", "league_exploiter"})


@dataclass(frozen=True)
class LeagueSettings(SettingsGroup):
    """How a league makes its training matches and its snapshots."""

    roles: Mapping[str, int] = setting(
        {"main": 1}, "Number of learners of each role.", unit="learners", low=0, high=100
    )
    baselines: tuple[str, ...] = setting(("random",), "Agents that are members from the start, as first opponents.")
    initial: str | None = setting(
        None,
        "Member of another league, `DIR:MEMBER`, with whose weights learners start, and start over after a reset. It "
        "becomes the guest `initial`, and the network must be the same.",
        none="new weights",
    )
    opponents: Mapping[str, float] | None = setting(
        None,
        "Share of a main learner's matches for each sampler of opponents, or of a best response's matches for each "
        "opponent; the shares sum to 1.",
        low=0,
        high=1,
        none="{latest = 1}; with exploiters {pfsp_hard = 0.5, self_play = 0.35, verification = 0.15}, as in AlphaStar",
        typical="{latest = 0.8, openai_five = 0.2} in OpenAI Five",
    )
    pfsp_weighting: str = setting(
        "hard",
        "Weighting of the sampler `pfsp` of older leagues; new ones name `pfsp_hard` and so on.",
        choices=("hard", "variance", "linear", "capped"),
    )
    snapshot_win_rate: float = setting(
        0.7,
        "A snapshot is due when the learner scores more than this against every opponent that counts.",
        low=0,
        high=1,
        typical="0.55 to 0.8, 0.7 in AlphaStar",
    )
    snapshot_min_steps: int = setting(
        100_000,
        "Minimum agent steps between two snapshots of a learner.",
        unit="agent steps",
        low=1,
        high=10**12,
        typical="20,000 to 1,000,000, 2e9 in AlphaStar",
    )
    snapshot_max_steps: int = setting(
        400_000,
        "Agent steps after which a snapshot is due whatever the scores are.",
        unit="agent steps",
        low=1,
        high=10**12,
        typical="2 to 5 times `snapshot_min_steps`, 4e9 in AlphaStar",
    )
    role_min_steps: Mapping[str, int] = setting(
        {},
        "Replaces `snapshot_min_steps` for the learners of a role, such as {main_exploiter = 200000}.",
        unit="agent steps",
        low=1,
        high=10**12,
    )
    role_max_steps: Mapping[str, int] = setting(
        {},
        "Replaces `snapshot_max_steps` for the learners of a role: its time-out.",
        unit="agent steps",
        low=1,
        high=10**12,
        typical="1 to 4 times `snapshot_max_steps`; in AlphaStar's paper, 4e9 for main exploiters and 2e9 for others",
    )
    snapshot_max_seconds: float | None = setting(
        None,
        "Seconds of training after which a snapshot is due whatever the scores and steps are. The games of a run then "
        "depend on how fast it is.",
        unit="seconds",
        above=0,
        high=10**9,
        none="no limit of time",
    )
    pool_limit: int | None = setting(
        None,
        "Most frozen members that learners train against; older snapshots retire, and gaps grow with age.",
        unit="members",
        low=1,
        high=10**6,
        none="no limit",
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
        0.99,
        "Weight that a training game keeps when the same two members play one more.",
        above=0,
        high=1,
        typical="0.95 to 0.999, 0.99 in AlphaStar",
    )
    opponents_at_once: int = setting(
        4,
        "Different opponents drawn for a learner and sampler in one plan; each costs a forward pass per step.",
        low=1,
        high=1000,
        typical="2 to 16",
    )
    enough_games: float = setting(
        20.0,
        "Decayed games against an opponent before the score against it counts.",
        unit="games",
        low=0,
        typical="10 to 50; less than 1 / (1 - `payoff_decay`)",
    )
    score_games: int = setting(
        100,
        "In graded games, such as poker, the score that decides on snapshots and on beaten baselines is the "
        "probability of a positive mean return over this many games.",
        unit="games",
        low=1,
        high=10**6,
        typical="25 to 400",
    )
    sampler_games: int = setting(
        10,
        "In graded games, the score that decides whom a learner meets is the probability of a positive mean return "
        "over this many games. Over many games it is nearly 0 or 1, and clearly beaten opponents are ignored.",
        unit="games",
        low=1,
        high=10**6,
        typical="1 to 30",
    )
    beaten: float = setting(
        0.98,
        "A baseline counts as beaten from this score on: the learner no longer trains against it.",
        low=0,
        high=1,
        typical="0.9 to 0.99",
    )
    hopeless: float = setting(
        0.1,
        "Score against the live main up to which a main exploiter trains against main's past instead.",
        low=0,
        high=1,
        typical="0.1 to 0.3; 0.1 in AlphaStar's code, 0.2 in its paper",
    )
    too_strong: float = setting(
        0.3,
        "Score against another live main up to which the sampler `self_play` turns to that main's past instead.",
        low=0,
        high=1,
        typical="0.2 to 0.4, 0.3 in AlphaStar",
    )
    exploited: float = setting(
        0.3,
        "The sampler `verification` turns to main exploiters while the learner scores less than this against one.",
        low=0,
        high=1,
        typical="0.2 to 0.5, 0.3 in AlphaStar",
    )
    forgotten: float = setting(
        0.7,
        "The sampler `verification` turns to the past while the learner scores less than this against a snapshot, and "
        "better against a later one.",
        low=0,
        high=1,
        typical="0.5 to 0.8, 0.7 in AlphaStar",
    )
    league_exploiter_reset: float = setting(
        0.25,
        "Probability that a league exploiter starts over from new weights after a snapshot.",
        low=0,
        high=1,
        typical="0.1 to 0.5, 0.25 in AlphaStar",
    )
    solver: str = setting(
        "nash",
        "How the policies that an oracle responds to are mixed: nash, prd, regret_matching, alpharank, uniform, or a "
        "registered solver.",
        typical="nash; prd explores more, uniform is fictitious play",
    )
    oracle_reset: float = setting(
        0.0,
        "Probability that an oracle starts over from new weights after a snapshot.",
        low=0,
        high=1,
        typical="0 in minutes, 1 in the papers on PSRO",
    )
    window: int = setting(
        10,
        "Newest snapshots that the sampler `window` draws from.",
        unit="snapshots",
        low=1,
        high=10**6,
        typical="5 to 30, 10 in Unity ML-Agents",
    )
    quality_rate: float = setting(
        0.001,
        "How much the sampler `openai_five` lowers the quality of an opponent for each game that it loses. A learner "
        "plays thousands of short games in a minute, so it is lower than in OpenAI Five.",
        above=0,
        high=1,
        typical="0.0001 to 0.01, 0.01 in OpenAI Five",
    )

    @property
    def mix(self) -> Mapping[str, float]:
        """`opponents`, or what it means where it is None."""
        if self.opponents is not None:
            return self.opponents
        return WITH_EXPLOITERS if EXPLOITERS & self.roles.keys() else ALONE

    def _check(self) -> None:
        if self.snapshot_min_steps > self.snapshot_max_steps:
            raise LeagueError(
                "`snapshot_min_steps <= snapshot_max_steps` must hold, but got "
                f"snapshot_min_steps={self.snapshot_min_steps}, snapshot_max_steps={self.snapshot_max_steps}"
            )
        for role in {*self.role_min_steps, *self.role_max_steps}:
            least = self.role_min_steps.get(role, self.snapshot_min_steps)
            most = self.role_max_steps.get(role, self.snapshot_max_steps)
            if least > most:
                raise LeagueError(
                    f"the least steps of a role must not be above its most steps, but {role!r} has {least} and {most}; "
                    "set both role_min_steps and role_max_steps"
                )
        if abs(sum(self.mix.values()) - 1) > 1e-9:
            raise LeagueError(f"the shares of `opponents` must sum to 1, but got {dict(self.mix)}")
        least = len(self.baselines) + KEPT_PER_LEARNER * sum(self.roles.values())
        if self.pool_limit is not None and self.pool_limit < least:
            raise LeagueError(
                f"`pool_limit >= baselines + {KEPT_PER_LEARNER} * learners` must hold, but got "
                f"pool_limit={self.pool_limit}, {len(self.baselines)} baselines, {sum(self.roles.values())} learners"
            )
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
    return_every: int | None = setting(
        None,
        "Training iterations between two measurements of the mean return of main learners that play every seat; 0 "
        "never measures.",
        unit="iterations",
        low=0,
        high=10**9,
        none="10 in games of common payoff, 0 in others",
        fitted=True,
    )
    anchor_share: float = setting(
        0.1, "Most of the time of evaluation games that games with anchors take.", low=0, high=0.9
    )

    def _check(self) -> None:
        if self.anchors is not None and len(set(self.anchors)) < len(self.anchors):
            raise LeagueError(f"`anchors` must not repeat, but got {self.anchors}")
