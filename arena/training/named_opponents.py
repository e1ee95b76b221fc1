"""RLlib's ``evaluation()`` against opponents by name: who they are, whom the runners meet, and the results by opponent.

The newest weights of a learner play. Nothing of it is stored, and no rating comes from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.utils.metrics import ENV_RUNNER_RESULTS

from agents.registry import is_agent_name, make_agent, require_trust, usages
from arena.names import BEST, LATEST, find_member, named_snapshots, require_game, split_name
from arena.training.modules import MapToMain, first_main
from arena.training.planner import Plan
from arena.training.runner_reports import LEAGUE
from arena.training.session import LeagueSession
from games.contract import Game
from games.specs import suggest
from leagues.errors import LeagueError
from leagues.records import Member
from leagues.setting_groups import short
from leagues.store import open_store


@dataclass(frozen=True, slots=True)
class Outsider:
    """An opponent that does not come from the league that is trained.

    Attributes:
        member: it, as a guest with the name it was given.
        weights: the bytes of its weights; None for an agent.
    """

    member: Member
    weights: bytes | None = None


def check_evaluation(config: AlgorithmConfig) -> None:
    """Check what RLlib's evaluation is given.

    Raises:
        ValueError: a setting of ``evaluation_config`` is unknown or is refused; opponents are no names, or a
            ``policy_mapping_fn`` decides who plays, too.
    """
    if isinstance(config.evaluation_config, dict):
        for name in config.evaluation_config:
            if not hasattr(config, name):
                raise ValueError(
                    f"`evaluation_config` has {name!r}, but there is no such setting{suggest(name, vars(config))}"
                )
    if config.evaluation_config:
        config.get_evaluation_config_object().validate()
    names = config.evaluation_opponents
    if isinstance(names, str) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"`evaluation_opponents` is a list of names, such as ['random', 'latest'], but got {names!r}")
    if names and config.in_evaluation and not isinstance(config.policy_mapping_fn, MapToMain):
        raise ValueError(
            "`evaluation_opponents` and the policy_mapping_fn of evaluation_config both say who plays in the "
            f"evaluation, but got {short(list(names))} and a function; drop one of them"
        )


def outsiders(names: Sequence[str], game: Game, learners: Sequence[Member]) -> dict[str, Outsider]:
    """The opponents among ``names`` that do not come from the league, ready to be sent.

    Args:
        names: ``best``, ``latest``, a learner (its newest snapshot) or a snapshot of the league; an agent (``random``,
            ``mcts:100``); or a member of another league, ``DIR:main@3``, as it is now.
        game: the game.
        learners: those of the league.

    Raises:
        LeagueError: a name is of another kind.
        AgentError: an agent cannot play the game.
        StoreError: another league cannot be read, or has no such member.
    """
    found = {}
    for name in names:
        if is_agent_name(name):
            make_agent(name, game).close()
            found[name] = Outsider(Member(name, "guest", "guest", agent=name))
        elif (place := split_name(name)) is not None:
            found[name] = _of_another_league(name, *place, game)
        elif not _may_join(name, learners):
            known = ", ".join(learner.id for learner in learners)
            raise LeagueError(
                f"`evaluation_opponents` names {name!r}, which is no agent and no member of the league; use "
                f"{usages(people=False)}, {BEST}, {LATEST}, a learner ({known}), LEARNER@NUMBER or DIR:MEMBER"
            )
    return found


def _of_another_league(name: str, place: str, member_name: str, game: Game) -> Outsider:
    store = open_store(place)
    with store.reader() as reader:
        require_game(reader, store.name, game)
        member = find_member(reader, member_name)
    if member.weights is None:
        require_trust(str(member.agent), trust_code=False)
        return Outsider(Member(name, "guest", "guest", agent=member.agent))
    guest = Member(name, "guest", "guest", modules=member.modules, weights=member.weights, origin=name)
    return Outsider(guest, store.weights.get(member.weights))


def _may_join(name: str, learners: Sequence[Member]) -> bool:
    """Whether a member of the league has this name, or may have it one day."""
    learner, _, generation = name.partition("@")
    return name in (BEST, LATEST) or (
        any(learner == each.id for each in learners) and ("@" not in name or generation.isdecimal())
    )


def evaluation_plan(session: LeagueSession, names: Sequence[str], others: Mapping[str, Outsider]) -> Plan:
    """The games of an evaluation: the first main learner against each opponent, from each team's seats, in any order.

    Opponents of the league that are not there yet are left out.

    Args:
        session: the league.
        names: the opponents.
        others: those of them that do not come from the league.
    """
    opponents: list[tuple[Member, bytes | None]] = []
    for name in dict.fromkeys(names):
        if name in others:
            opponents.append((others[name].member, others[name].weights))
        elif (member := _joined(session, name)) is not None:
            opponents.append((replace(member, id=name), None))
    return session.planner.named(first_main(session.learners), opponents, session.progress.iteration)


def _joined(session: LeagueSession, name: str) -> Member | None:
    member = session.members.get(name)
    if member is not None and member.frozen:
        return member
    standings = session.standings() if name == BEST else ()
    found = named_snapshots(list(session.members.values()), name, standings)
    return found[-1] if found else None


def by_opponent(results: Mapping[str, Any], plan: Plan, graded: bool) -> dict[str, dict[str, float]]:
    """The results of an evaluation by opponent, from the sums that :func:`log_by_opponent` logged at every runner.

    In a game of more than two sides, each pair of sides counts once.

    Args:
        results: RLlib's; its sums are taken out.
        plan: whom the runners met.
        graded: whether the game is graded, so that scores are returns.

    Returns:
        Opponent -> ``games``, ``wins``, ``draws``, ``losses``, ``score`` and ``return_mean`` of the learner. Opponents
        without a finished game are left out.
    """
    sums = results.get(ENV_RUNNER_RESULTS, {}).pop(LEAGUE, {})
    figures = {}
    for name in plan.opponents:
        if name not in sums or not sums[name]["games"]:
            continue
        games, wins, draws, losses = (int(sums[name][key]) for key in ("games", "wins", "draws", "losses"))
        pairs = wins + draws + losses
        mean = float(sums[name]["return_sum"]) / pairs
        figures[name] = {
            "games": games,
            "wins": wins,
            "draws": draws,
            "losses": losses,
            "score": mean if graded else (wins + draws / 2) / pairs,
            "return_mean": mean,
        }
    return figures
