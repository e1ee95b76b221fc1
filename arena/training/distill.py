"""One network from a mixture of a league's snapshots, which can be played and deployed like any other."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ray.rllib.core.columns import Columns
from ray.rllib.core.rl_module import RLModule, RLModuleSpec
from ray.rllib.core.rl_module.torch import TorchRLModule

from agents.contract import Agent, AgentError
from agents.mixture import MixtureAgent
from agents.policies.agent import PolicyAgent, module_batch, policy_card, policy_tensors
from agents.policies.network import SETTINGS, MaskedNetwork, build_network
from agents.policies.networks import is_own, network_class
from agents.policies.states import is_recurrent
from agents.policies.weights import pack
from arena.mixtures import MIXTURES, NASH
from arena.mixtures import mixture as mixture_of
from arena.names import load_agent, require_game
from arena.play.exploitability import exploitability
from arena.play.game_tree import positions
from arena.play.matches import play_match
from arena.seeds import Purpose, number, stream
from arena.settings import Settings
from arena.training.game_length import fitting_tables
from arena.training.measures import MEASURED_POSITIONS
from arena.training.process import prepare_process
from arena.training.teacher import Examples, Teacher, check_discrete, held_out, probabilities
from arena.view.text import counted
from games import Game, make_game
from leagues.names import near
from leagues.records import LeagueError, Member
from leagues.store import Store, Writer, open_store

MODULE = "distilled"
"""What the result is called in its league, with a number from the second one on; and its module."""

MINUTES = 1.0
"""Time of the training, unless a limit is given."""

EXAMPLES = 8192
"""Examples that are collected at once."""

KEPT = 8
"""Collections from which the network learns, the newest ones."""

EPOCHS, MINIBATCH, LEARNING_RATE = 8, 256, 1e-3
"""Passes for each new example, rows of a gradient step, and the first learning rate of Adam, which falls to 0."""

HELD_OUT = 4096
"""Positions of games that the network has not seen, about, for the divergence; fewer in very short games."""

SCORED_GAMES = 1000
"""Games of the network against the mixture, where the game is too large for an exact measure."""


@dataclass(frozen=True, slots=True)
class Distilled:
    """A network that was trained to a mixture, and what was lost.

    Attributes:
        agent: its name, as :func:`arena.load_agent` takes it.
        mixture: the name of the mixture.
        snapshots: the snapshots of the mixture, with their probabilities.
        steps: examples that it was trained on, one for each step of a seat.
        seconds: time of the training.
        divergence: mean KL divergence of the network from the mixture in the positions of games that the mixture plays
            against itself, in nats.
        cross_entropy, entropy: mean cross-entropy of the network there, and the mixture's own entropy; `divergence` is
            their difference.
        positions: number of these positions.
        nash_conv: exact NashConv of the mixture and of the network; None in games that are too large.
        score, low, high: mean score of the network against the mixture with its 95% interval, in games that are too
            large for the exact measure; None in others. A draw is one half; in graded games it is the mean margin.
        games: games that the score comes from.
        unit: what the score counts.
    """

    agent: str
    mixture: str
    snapshots: tuple[tuple[str, float], ...]
    steps: int
    seconds: float
    divergence: float
    cross_entropy: float
    entropy: float
    positions: int
    nash_conv: tuple[float, float] | None = None
    score: float | None = None
    low: float | None = None
    high: float | None = None
    games: int = 0
    unit: str = ""


def distill(
    league: Path | str,
    *,
    mixture: str = NASH,
    steps: int | None = None,
    minutes: float | None = None,
    seed: int = 0,
    module_classes: Mapping[str, type[Any]] | None = None,
    trust_code: bool = False,
    on_start: Callable[[], None] = lambda: None,
    on_progress: Callable[[int, float], None] = lambda steps, loss: None,
    on_measure: Callable[[], None] = lambda: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Distilled:
    """Train one network to play as a mixture of a league's snapshots, and add it to the league as a guest.

    The network learns by cross-entropy from the games that the mixture plays: its target in a position is what the
    mixture does there after the seat's own moves so far (policy distillation, Rusu et al. 2016; the targets of NFSP's
    average policy, Heinrich and Silver 2016, with whole distributions instead of single actions). In half of the games
    the other seats explore, so that positions after unusual moves are learned, too.

    It has the network that the league's settings name, one for all seats.

    Args:
        league: the league's folder. No training may run in it.
        mixture: ``nash`` or ``average``, see :func:`arena.mixtures.mixture`.
        steps: train on this many examples. Equal calls then give equal networks on one machine.
        minutes: train this long. Without either, :data:`MINUTES`.
        seed: seeds everything.
        module_classes, trust_code: as in :func:`arena.load_agent`.
        on_start: called once, when all is checked and the training begins.
        on_progress: called after every collection of examples, with their number so far and the mean loss.
        on_measure: called once, when the training is over and what is lost is measured.
        should_stop: asked after every collection; what was learned until then is kept.

    Raises:
        LeagueError: a limit or the seed breaks its rule, or there is no such mixture.
        AgentError: the league has no snapshots for the mixture, they need code that was not passed, its actions are
            continuous, or its network is recurrent.
        GameError: its game cannot be made.
        StoreError: there is no league, or another process writes to it.
    """
    prepare_process()
    _check_limits(mixture, steps, minutes, seed)
    store = open_store(league)
    with ExitStack() as stack:
        writer = stack.enter_context(store.writer())  # until the end, so that nobody else keeps the network out then
        info = writer.info()
        game = make_game(info.game, trust_code=trust_code)
        require_game(writer, store.name, game)
        check_discrete(game)
        mixed = mixture_of(writer, mixture)
        names = tuple(zip((each.id for each in mixed.members), mixed.weights.mean(axis=0).tolist(), strict=True))
        settings = Settings.from_dict(info.settings) if info.settings else Settings()
        module, spec = _new_network(game, settings, seed, module_classes)
        code: dict[str, Any] = {"module_classes": module_classes, "trust_code": trust_code}
        teacher = stack.enter_context(closing(load_agent(f"{league}:{mixture}", game, **code)))
        assert isinstance(teacher, MixtureAgent)
        began = time.monotonic()
        on_start()
        done = learn(
            module,
            game,
            teacher,
            steps=steps,
            minutes=minutes,
            seed=seed,
            on_progress=on_progress,
            should_stop=should_stop,
        )
        seconds = time.monotonic() - began
        student = PolicyAgent(game, dict.fromkeys(range(game.num_seats), module))
        on_measure()
        losses = _divergence(game, teacher, student, seed)
        strength = _strength(game, teacher, student, seed)
        card = policy_card(game, {MODULE: spec}, dict.fromkeys(game.agent_ids, MODULE))
        data = pack(policy_tensors({MODULE: module.get_state()}), card)
        origin = f"distilled from {mixture} of {counted(len(names), 'snapshot')} on {done:,} steps"
        guest = _add_guest(store, writer, game, data, origin)
    return Distilled(f"{league}:{guest}", mixture, names, done, seconds, **losses, **strength)


def _check_limits(mixture: str, steps: int | None, minutes: float | None, seed: int) -> None:
    if mixture not in MIXTURES:
        raise LeagueError(f"there is no mixture {mixture!r}{near(mixture, MIXTURES)}")
    if steps is not None and minutes is not None:
        raise LeagueError(f"a training has one limit, but got {steps=} and {minutes=}; drop one")
    for name, limit in (("steps", steps), ("minutes", minutes)):
        if limit is not None and not (isinstance(limit, int | float) and 0 < limit < math.inf):
            raise LeagueError(f"`{name} > 0` must hold, but got {name}={limit!r}")
    if not 0 <= seed < 2**64:
        raise LeagueError(f"`0 <= seed < 2**64` must hold, but got {seed=}")


def _new_network(
    game: Game, settings: Settings, seed: int, own: Mapping[str, type[RLModule]] | None
) -> tuple[TorchRLModule, RLModuleSpec]:
    """A network as the league's settings describe it, with new weights; a `masked` one of the same trunk where that
    of the league has no policy to teach."""
    network, config = network_class(settings.network.name or "masked", own), dict(settings.network.config)
    if is_own(network) and network is not MaskedNetwork:
        network, config = MaskedNetwork, {name: config[name] for name in SETTINGS if name in config}
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(number(seed, Purpose.DISTILL, 0))
        module = build_network(network, game, config)
    if is_recurrent(module):
        raise AgentError(
            "a network is distilled from single positions, but this league's remembers earlier steps; distill a league "
            "whose network does not"
        )
    assert isinstance(module, TorchRLModule)
    return module, RLModuleSpec(module_class=network, model_config=config)


def learn(
    module: TorchRLModule,
    game: Game,
    mixture: MixtureAgent,
    *,
    steps: int | None = None,
    minutes: float | None = None,
    seed: int = 0,
    on_progress: Callable[[int, float], None] = lambda steps, loss: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> int:
    """Train a network to a mixture.

    Args:
        module: the network, as :mod:`agents.policies.network` describes it; trained in place.
        game: the game, with discrete actions.
        mixture: whose agents tell their probabilities.
        steps, minutes, seed, on_progress, should_stop: as of :func:`distill`.

    Returns:
        The number of examples that it was trained on, at least ``steps``.
    """
    rng = stream(seed, Purpose.DISTILL, 1)
    tables = fitting_tables(game, EXAMPLES)
    teacher = Teacher(game, mixture.agents, mixture.weights, tables=tables, rng=rng)
    optimizer = torch.optim.Adam(module.parameters(), lr=LEARNING_RATE, fused=True)
    kept: deque[Examples] = deque(maxlen=KEPT)
    done, began = 0, time.monotonic()
    module.train()
    while True:
        wanted = EXAMPLES if steps is None else min(EXAMPLES, steps - done)
        kept.append(teacher.examples(wanted))
        done += len(kept[-1])
        share = done / steps if steps is not None else (time.monotonic() - began) / (60 * (minutes or MINUTES))
        for group in optimizer.param_groups:
            group["lr"] = LEARNING_RATE * max(0.01, 1 - share)
        pool = Examples.joined(kept)
        updates = max(1, EPOCHS * len(kept[-1]) // MINIBATCH)
        rows = rng.integers(len(pool), size=(updates, min(MINIBATCH, len(pool))))
        losses = [_step(module, optimizer, pool.rows(chosen), game.num_seats) for chosen in rows]
        on_progress(done, float(np.mean(losses)))
        if share >= 1 or should_stop():
            return done


def _step(module: TorchRLModule, optimizer: torch.optim.Optimizer, examples: Examples, seats: int) -> float:
    """One gradient step; returns the cross-entropy."""
    batch = module_batch(examples.observations, examples.masks, examples.seats, seats)
    logits = module.forward_train(batch)[Columns.ACTION_DIST_INPUTS]
    log_probs = torch.log_softmax(logits, 1)  # (B, A)
    log_probs = log_probs.clamp(min=torch.finfo(log_probs.dtype).min)  # a network may mask with -inf, and 0 * inf
    loss = -(torch.from_numpy(examples.targets) * log_probs).sum(1).mean()
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]  # torch has no annotation for it
    torch.nn.utils.clip_grad_norm_(module.parameters(), 1.0)
    optimizer.step()
    return float(loss.detach())


def _divergence(game: Game, mixture: MixtureAgent, student: PolicyAgent, seed: int) -> dict[str, Any]:
    """How far a network is from the mixture in games that it has not seen."""
    games = fitting_tables(game, HELD_OUT // 2)  # they hold about two batches
    examples = held_out(
        game,
        mixture.agents,
        mixture.weights,
        games=games,
        tables=games,
        rng=stream(seed, Purpose.DISTILL, 2),
    )
    told = np.concatenate([probabilities(student, turn) for turn in examples.turns(EXAMPLES)])
    targets = examples.targets.astype(np.float64)
    tiny = np.finfo(np.float64).tiny
    cross = float(-(targets * np.log(np.maximum(told, tiny))).sum(axis=1).mean())
    entropy = float(-(targets * np.log(np.maximum(targets, tiny))).sum(axis=1).mean())
    return {
        "divergence": max(0.0, cross - entropy),
        "cross_entropy": cross,
        "entropy": entropy,
        "positions": len(examples),
    }


def _strength(game: Game, mixture: Agent, student: Agent, seed: int) -> dict[str, Any]:
    """What the network lost: exactly where the game is small, else by games against the mixture."""
    if positions(game, MEASURED_POSITIONS) is not None:
        return {"nash_conv": tuple(exploitability(game, agent).nash_conv for agent in (mixture, student))}
    others = len(set(game.teams)) - 1
    result = play_match(game, [student, *[mixture] * others], games=SCORED_GAMES, seed=number(seed, Purpose.DISTILL, 3))
    return {name: getattr(result, name) for name in ("score", "low", "high", "games", "unit")}


def _add_guest(store: Store, writer: Writer, game: Game, data: bytes, origin: str) -> str:
    """Add a network to its league; returns the ID of the new guest, or that of the member with equal weights."""
    digest = store.weights.put(data)
    members = writer.members()
    if same := [member.id for member in members if member.weights == digest]:
        return same[0]
    taken, count, name = {member.id for member in members}, 1, MODULE
    while name in taken:
        count += 1
        name = f"{MODULE}-{count}"
    modules = dict.fromkeys(game.agent_ids, MODULE)
    writer.add_members([Member(name, "guest", "guest", modules=modules, weights=digest, origin=origin)])
    return name
