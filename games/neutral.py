"""Games in which some seats are always played by a fixed script: neutral players, who are nobody's opponent.

``neutral(game=kuhn_poker(players=3),player_2=random)`` is a game of two seats. The third belongs to the rules, as
chance does: nobody trains or is rated there, its moves are not in the history, and its choices follow from the seed.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import numpy as np

from games.chance import Chance
from games.contract import (
    CHANCE,
    Action,
    BoolArray,
    Ending,
    FloatArray,
    Game,
    Move,
    PictureArray,
    State,
    Tables,
)
from games.errors import GameError
from games.legality import check_joint_action
from games.specs import format_spec
from games.tables import StateTables

NEUTRAL = "neutral"
"""The name of these games in specs."""

_STREAM = 0x5851F42D4C957F2D
"""Added to a game's seed, so that its scripts draw other numbers than its chance."""

Script = Callable[[State, int, BoolArray, Chance], Action]
"""``(state, seat, mask, chance) -> action``: chooses a legal action at a seat of the whole game. It draws from
``chance`` only, and neither changes the state nor keeps anything, so that equal seeds and actions give equal games."""


def random_legal(state: State, seat: int, mask: BoolArray, chance: Chance) -> Action:
    """A legal action, all equally likely."""
    legal = np.flatnonzero(mask).tolist()
    return chance.draw([(action, 1 / len(legal)) for action in legal])


def first_legal(state: State, seat: int, mask: BoolArray, chance: Chance) -> Action:
    """The lowest legal action."""
    return int(mask.argmax())


SCRIPTS: Mapping[str, Script] = {"random": random_legal, "first": first_legal}
"""Scripts by name. A user's own is named ``package.module:function``."""


class NeutralGame(Game):
    """A game without the seats that scripts play.

    Attributes:
        inner: the whole game.
        scripts: seat of the whole game -> its script.
        own: the seats of the whole game that are left, in order.
    """

    def __init__(self, inner: Game, names: Mapping[str, str]) -> None:
        """The game ``inner`` with scripts at some seats.

        Args:
            inner: the whole game.
            names: agent ID -> name of its script.

        Raises:
            GameError: there is no such seat or script, no seat is left, or the game has continuous actions.
        """
        if not names or set(names) >= set(inner.agent_ids):
            raise GameError(
                f"{NEUTRAL} needs a script for some seats of {inner.spec!r} and not for all; its seats are "
                f"{', '.join(inner.agent_ids)}, such as {NEUTRAL}(game={inner.spec},{inner.agent_ids[-1]}=random)"
            )
        if unknown := [name for name in names if name not in inner.agent_ids]:
            raise GameError(
                f"{inner.spec!r} has no seat {unknown[0]!r}; its seats are {', '.join(map(repr, inner.agent_ids))}"
            )
        if inner.action_bounds is not None:
            raise GameError(f"scripts choose among numbered actions, but {inner.spec!r} has continuous ones")
        self.inner = inner
        self.scripts = {inner.agent_ids.index(agent_id): _script(name) for agent_id, name in names.items()}
        self.own = tuple(seat for seat in range(inner.num_seats) if seat not in self.scripts)
        self.spec = format_spec(NEUTRAL, {"game": inner.spec, **names})
        self.agent_ids = tuple(inner.agent_ids[seat] for seat in self.own)
        self.dynamics = inner.dynamics
        self.utility = inner.utility if inner.utility == "common_payoff" else "general_sum"
        self.perfect_information = False  # the moves of scripts are drawn in secret
        self.observation_shape = inner.observation_shape
        self.num_actions = inner.num_actions
        self.pictorial = inner.pictorial
        self.max_plies = inner.max_plies
        self.min_return, self.max_return = inner.min_return, inner.max_return
        self.replayable = inner.replayable
        sides = [inner.teams[seat] for seat in self.own]
        order = list(dict.fromkeys(sides))
        self._teams = tuple(order.index(side) for side in sides) if len(order) > 1 else tuple(range(len(sides)))

    @property
    def teams(self) -> tuple[int, ...]:
        """Those of the whole game; where scripts play all but one of them, every seat is a team."""
        return self._teams

    @property
    def graded(self) -> bool:
        """As the whole game, whose returns they are."""
        return self.inner.graded

    def new_state(self, seed: int, chance: Sequence[int] = ()) -> NeutralState:
        return NeutralState(self, self.inner.new_state(seed, chance), Chance(seed + _STREAM))

    def tables(self, size: int) -> Tables:
        return StateTables(self, size)

    def observation_space(self, seat: int) -> Any:
        return self.inner.observation_space(self.own[seat])

    def action_space(self, seat: int) -> Any:
        return self.inner.action_space(self.own[seat])


class NeutralState(State):
    """A position of a :class:`NeutralGame` in which a seat of a person or an agent acts, or the end.

    Args:
        game: the game.
        inner: the position in the whole game.
        chance: what scripts draw from.
    """

    def __init__(self, game: NeutralGame, inner: State, chance: Chance, *, fresh: bool = True) -> None:
        self._game, self._inner, self._chance = game, inner, chance
        if fresh:
            self._let_scripts_play()

    def acting(self) -> tuple[int, ...]:
        own = self._game.own
        return tuple(own.index(seat) for seat in self._inner.acting() if seat in own)

    def observe(self, seat: int, observation: FloatArray, mask: BoolArray) -> None:
        self._inner.observe(self._game.own[seat], observation, mask)

    def apply(self, actions: Sequence[Any]) -> tuple[float, ...]:
        check_joint_action(self._game, self.acting(), actions)
        before, chance = self._inner.returns(), self._chance.copy()
        given = iter(actions)
        scripts = self._game.scripts
        joint = [self._chosen(seat) if seat in scripts else next(given) for seat in self._inner.acting()]
        try:
            self._inner.apply(joint)
        except Exception:
            self._chance = chance  # nothing has happened
            raise
        self._let_scripts_play()
        return self._own([now - then for now, then in zip(self._inner.returns(), before, strict=True)])

    def _let_scripts_play(self) -> None:
        """Play on until a seat of the game acts, or the game is over."""
        while (seats := self._inner.acting()) and all(seat in self._game.scripts for seat in seats):
            self._inner.apply([self._chosen(seat) for seat in seats])

    def _chosen(self, seat: int) -> Action:
        observation = np.zeros(self._game.observation_shape, np.float32)
        mask = np.zeros(self._game.num_actions, np.bool_)
        self._inner.observe(seat, observation, mask)
        return self._game.scripts[seat](self._inner, seat, mask, self._chance)

    def _own(self, values: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(values[seat] for seat in self._game.own)

    def ending(self) -> Ending | None:
        return self._inner.ending()

    def seat_endings(self) -> tuple[Ending | None, ...]:
        return self._own(self._inner.seat_endings())

    def returns(self) -> tuple[float, ...]:
        return self._own(self._inner.returns())

    def history(self) -> tuple[Move, ...]:
        own = self._game.own
        moves = self._inner.history()
        return tuple(
            (seat if seat == CHANCE else own.index(seat), action)
            for seat, action in moves
            if seat == CHANCE or seat in own
        )

    def draw(self, seat: int | None = None) -> str:
        return self._inner.draw(None if seat is None else self._game.own[seat])

    def picture(self) -> PictureArray | None:
        return self._inner.picture()

    def action_name(self, seat: int, action: Any) -> str:
        return self._inner.action_name(self._game.own[seat], action)

    def action_route(self, seat: int, action: Any) -> str:
        return self._inner.action_route(self._game.own[seat], action)

    def digest(self) -> str:
        return self._inner.digest()

    def clone(self) -> NeutralState:
        return NeutralState(self._game, self._inner.clone(), self._chance.copy(), fresh=False)


def _script(name: str) -> Script:
    """The script of this name.

    Raises:
        GameError: there is none.
    """
    if name in SCRIPTS:
        return SCRIPTS[name]
    module, colon, function = name.partition(":")
    if not (colon and function.isidentifier()):  # mcts:200 is an agent, not a script
        raise GameError(
            f"a neutral seat is played by {' or '.join(SCRIPTS)} or by your own package.module:function, but got "
            f"{name!r}"
        )
    try:
        found = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise GameError(f"the script {name!r} cannot be imported: {error}") from error
    if not callable(found):
        raise GameError(f"the script {name!r} is not a function")
    return cast(Script, found)
