"""OpenSpiel games of a user's module. Each test runs in a new process, because OpenSpiel never forgets a game."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

MODULE = """
    import pyspiel
    from open_spiel.python.games import tic_tac_toe


    class Fragile(tic_tac_toe.TicTacToeState):
        def _apply_action(self, action):
            if action == 4 and self.get_game().get_parameters()["fragile"]:
                raise ZeroDivisionError("the middle gave way")
            super()._apply_action(action)


    TYPE = pyspiel.GameType(
        short_name="fragile_tic_tac_toe",
        long_name="Fragile Tic-Tac-Toe",
        dynamics=pyspiel.GameType.Dynamics.SEQUENTIAL,
        chance_mode=pyspiel.GameType.ChanceMode.DETERMINISTIC,
        information=pyspiel.GameType.Information.PERFECT_INFORMATION,
        utility=pyspiel.GameType.Utility.ZERO_SUM,
        reward_model=pyspiel.GameType.RewardModel.TERMINAL,
        max_num_players=2,
        min_num_players=2,
        provides_information_state_string=True,
        provides_information_state_tensor=False,
        provides_observation_string=True,
        provides_observation_tensor=True,
        parameter_specification={"fragile": True},
    )


    class Game(pyspiel.Game):
        def __init__(self, params=None):
            super().__init__(TYPE, tic_tac_toe._GAME_INFO, params or dict())

        def new_initial_state(self):
            return Fragile(self)

        def make_py_observer(self, iig_obs_type=None, params=None):
            return tic_tac_toe.BoardObserver(params)


    pyspiel.register_game(TYPE, Game)


    def make_sound():
        return pyspiel.load_game("fragile_tic_tac_toe", {"fragile": False})
"""


def run(folder: Path, code: str) -> None:
    (folder / "fragile.py").write_text(textwrap.dedent(MODULE))
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_game_is_named_by_its_callable_or_by_what_its_module_registers(tmp_path: Path) -> None:
    run(
        tmp_path,
        """
        import pickle
        from games import GameError, make_game
        from games.conformance import check_game

        for spec, canonical in [
            ("fragile:make_sound", "fragile:make_sound"),
            ("fragile:fragile_tic_tac_toe( fragile = false )", "fragile:fragile_tic_tac_toe(fragile=False)"),
            ("fragile:fragile_tic_tac_toe(fragile=true)", "fragile:fragile_tic_tac_toe"),
        ]:
            game = make_game(spec)
            assert game.spec == canonical, game.spec
            assert make_game(game.spec) == game == pickle.loads(pickle.dumps(game))
            assert game.perfect_information and game.observation_shape == (3, 3, 3)
        check_game(make_game("fragile:make_sound"))
        for wrong, says in [("fragile:fragil", "no callable"), ("fragile:fragile_tic_tac_toe(x=3)", "parameter 'x'")]:
            try:
                make_game(wrong)
            except GameError as error:
                assert says in str(error), error
            else:
                raise AssertionError(wrong)
        """,
    )


def test_a_step_of_it_that_raises_is_taken_back_and_ends_its_own_table(tmp_path: Path) -> None:
    run(
        tmp_path,
        """
        import numpy as np
        from games import BrokenGameError, make_game

        game = make_game("fragile:fragile_tic_tac_toe")
        state = game.new_state(0)
        state.apply([0])
        before = state.digest()
        try:
            state.apply([4])
        except BrokenGameError as error:
            assert "fragile:fragile_tic_tac_toe" in str(error) and "the middle gave way" in str(error), error
        else:
            raise AssertionError("it did not break")
        assert state.digest() == before and state.acting() == (1,)
        tables = game.tables(2)
        tables.reset([0, 1], [0, 1])
        tables.observe()
        assert tables.step(np.array([4, 3])) == [0]
        assert set(tables.broken) == {0}
        assert tables.observe() == 1
        """,
    )
