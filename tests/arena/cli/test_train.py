"""``arena train``: what it tells, how it stops, and one real league from training to replay."""

from __future__ import annotations

import inspect
import json
import shutil
import signal
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from command_line import Cli
from small_league import GAME, played_league
from terminal import CTRL_C, terminal

from agents.contract import AgentError
from agents.policies.weights import WeightsError
from arena.cli.app import run
from arena.cli.errors import run_failures
from arena.cli.progress import Stop, describe, progress_line
from arena.cli.train import train
from arena.presets import settings_for
from arena.settings import Resources
from games import make_game
from games.errors import GameError
from leagues.ratings.leaderboard import Outside, Standing
from leagues.records import Measure
from leagues.setting_groups import rules
from leagues.store import open_store
from leagues.store.contract import Progress, StoreError

BEST = Standing("main@3", "main", 3, 812.4, 700.1, 930.9, 40, 30, 2, 8)
MEASURED = Measure("nash_conv", "main", 7, 80_000, 0.81273)


def progress(iteration: int = 7, remaining: float | None = 75.0) -> Progress:
    return Progress(iteration, 80_000, 70_000, 5_000, 12.0, 17_650.4, datetime.now(UTC), remaining=remaining)


def test_a_line_tells_rate_time_iteration_members_and_the_best() -> None:
    line = describe(progress(), [BEST], elapsed=62.0)
    for part in ("17,650 steps/s", "1m 15s left", "iteration 7", "1 rated", "main@3 812 (700 to 931)"):
        assert part in line
    unrated = replace(BEST, games=0, wins=0, draws=0, losses=0)
    assert describe(progress(), [unrated], elapsed=1.0).endswith("0 rated")
    assert "left" not in describe(progress(remaining=None), [], elapsed=1.0)
    assert describe(progress(), [BEST], 1.0, [MEASURED]).endswith("· NashConv 0.813")
    scored = replace(BEST, outside=Outside("score", 0.62, "mcts:25", 40))
    assert describe(progress(), [scored], 1.0).endswith("· main@3 0.62 against mcts:25")
    assert "mcts:25" not in describe(progress(), [scored], 1.0, [MEASURED])
    two = [MEASURED, replace(MEASURED, member="main-2", value=1.5)]
    assert describe(progress(), [BEST], 1.0, two).endswith("· NashConv 0.813 (main) · NashConv 1.5 (main-2)")


def test_in_a_pipe_the_first_and_the_last_line_are_printed_plainly(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_line(GAME) as on_progress:
        for iteration in range(1, 6):
            on_progress(progress(iteration), [BEST])
    starting, *lines = capsys.readouterr().out.splitlines()
    assert starting == f"{GAME}: starting"
    assert [line.split("iteration ")[1][0] for line in lines] == ["1", "5"]
    assert "\x1b" not in "".join(lines)


def test_on_a_screen_there_is_one_live_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("arena.cli.progress.is_screen", lambda: True)
    monkeypatch.setattr("arena.cli.output.is_screen", lambda: True)
    monkeypatch.setenv("COLUMNS", "200")
    with progress_line("[red]game"):
        pass
    assert "[red]game: starting" in capsys.readouterr().out
    with progress_line("[red]game") as on_progress:
        on_progress(progress(), [BEST])
    assert "iteration 7" in capsys.readouterr().out
    monkeypatch.setenv("COLUMNS", "60")
    with progress_line(GAME) as on_progress:
        on_progress(progress(), [BEST])
    (line,) = capsys.readouterr().out.splitlines()
    assert "17,650 steps/s" in line
    assert len(line.rstrip()) <= 60 - len("^C")  # which the terminal must not wrap


def test_the_first_interrupt_asks_and_the_second_stops(capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGINT)
    with Stop() as stop:
        assert not stop.requested()
        signal.raise_signal(signal.SIGINT)
        assert stop.requested()
        assert "Stopping after this iteration" in capsys.readouterr().err
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


ENDLESS = """
import sys, time, types
from datetime import UTC, datetime
from arena.cli.app import run
from leagues.store.contract import Progress

def train(_, *, on_start, on_progress, should_stop, **others):
    on_start()
    on_progress(Progress(7, 80_000, 70_000, 5_000, 12.0, 17_650.4, datetime.now(UTC), remaining=75.0), [])
    while not (STOPS and should_stop()):
        time.sleep(0.01)

sys.modules["arena.training.run"] = types.ModuleType("arena.training.run")
sys.modules["arena.training.run"].train = train
sys.exit(run(["train", "tic_tac_toe", "--league", FOLDER]))
"""


@pytest.mark.slow
@pytest.mark.parametrize(("stops", "ending"), [(False, "error: stopped at once"), (True, "Stopped.\nThe league is in")])
def test_interrupts_leave_one_line_each_and_one_of_the_progress(tmp_path: Path, stops: bool, ending: str) -> None:
    code = ENDLESS.replace("FOLDER", repr(str(tmp_path / "league"))).replace("STOPS", str(stops))
    with terminal(code, columns=60) as screen:
        screen.see(lambda text: "17,650 steps/s" in text)
        screen.type(CTRL_C)
        if not stops:
            screen.see(lambda text: "Stopping after" in text)
            screen.type(CTRL_C)
        text = screen.end()
    for part in ("17,650 steps/s", "Stopping after this iteration; Ctrl-C again stops at once", ending):
        assert text.count(part) == 1
    assert "" not in text.rstrip().splitlines()


@pytest.fixture
def trainer(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[..., None]], None]:
    """Puts a training loop in the place of the real one, which takes seconds to start."""

    def replace(loop: Callable[..., None]) -> None:
        monkeypatch.setattr("arena.training.run.train", loop)

    return replace


def test_options_reach_the_trainer(
    trainer: Callable[[Callable[..., None]], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    got: dict[str, Any] = {}

    def loop(
        game: str,
        *,
        on_start: Callable[[], None],
        on_progress: Callable[..., None],
        on_measures: Callable[..., None],
        on_note: Callable[..., None],
        should_stop: Callable[[], bool],
        **options: Any,
    ) -> None:
        got.update(options, game=game, stopped=should_stop())
        played_league(options["league"])
        on_start()
        on_measures([MEASURED])
        on_progress(progress(), [replace(BEST, outside=Outside("score", 0.62, "mcts:25", 40, 0.5, 0.7))])

    trainer(loop)
    league = tmp_path / "league"
    args = f"train {GAME} --league {league} --steps 500 --env-runners 2 --overlap --tables 8 --seed 4"
    args += " --gpus-per-env-runner 0.25 --roles main=1,main_exploiter=2 --log-level INFO --dashboard"
    assert run(args.split()) == 0
    out = capsys.readouterr().out
    assert "iteration 7" in out
    assert "NashConv 0.813" in out
    *_, ending, place = out.splitlines()
    assert ending == "Done. main@3 scores 0.62 (0.50 to 0.70) against mcts:25 in 40 games."
    assert place == f"The league is in {league}; see arena leaderboard, watch, replay"
    assert got == {
        "game": f"{GAME}" if "(" not in got["game"] else got["game"],
        "league": league,
        "minutes": None,
        "steps": 500,
        "settings": settings_for(make_game(GAME), roles={"main": 1, "main_exploiter": 2}),
        "changes": {
            "league.roles": {"main": 1, "main_exploiter": 2},
            "training.tables": 8,
            "resources.env_runners": 2,
            "resources.overlap": True,
            "resources.gpus_per_env_runner": 0.25,
        },
        "seed": 4,
        "resume": False,
        "log_level": "INFO",
        "dashboard": True,
        "stopped": False,
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--dashboard", "this run has none; add --env-runners 1 or more"),
        ("--log-level loud", "the log level is one of DEBUG, INFO, WARN, ERROR, but got 'loud'"),
    ],
)
def test_what_cannot_be_shown_is_a_wrong_call(cli: Cli, tmp_path: Path, options: str, message: str) -> None:
    code, out, err = cli("train", GAME, "--league", tmp_path / "league", *options.split())
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err
    assert not (tmp_path / "league").exists()


def test_every_resource_has_an_option() -> None:
    parameters = inspect.signature(train).parameters
    assert {"tables", *rules(Resources)} <= set(parameters)


@pytest.mark.parametrize("options", ["--tables 100000000000", "--tables 0", "--env-runners -1", "--learners 99999999"])
def test_a_count_beyond_its_rule_is_a_wrong_call(
    options: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    league = tmp_path / "league"
    assert run(["train", GAME, "--league", str(league), *options.split()]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "must hold, but got" in line
    assert not league.exists()


def test_gpus_for_processes_that_are_not_asked_for_are_a_wrong_call(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    league = tmp_path / "league"
    assert run(["train", GAME, "--league", str(league), "--gpus-per-env-runner", "0.5"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: gpus_per_env_runner=0.5 needs sampling processes")
    assert "set env_runners to 1" in line
    assert not league.exists()


@pytest.mark.usefixtures("local_ray")
@pytest.mark.parametrize(
    ("options", "values"),
    [
        ("--learners 2 --gpus-per-learner 500", "2 learners x 500 and 0 env runners x 0"),
        ("--env-runners 3 --gpus-per-env-runner 400.5", "0 learners x 0 and 3 env runners x 400.5"),
    ],
)
def test_more_gpus_than_there_are_are_refused_and_not_waited_for(
    options: str, values: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    league = tmp_path / "league"
    assert run(["train", GAME, "--league", str(league), *options.split()]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: Ray finds ")
    assert f"{values} are asked for; lower --gpus-per-learner or --gpus-per-env-runner" in line
    assert not league.exists()


@pytest.mark.usefixtures("local_ray")
def test_a_learner_in_this_process_needs_a_gpu_of_this_machine(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.device_count", lambda: 0)
    assert run(["train", GAME, "--league", str(tmp_path / "league"), "--gpus-per-learner", "1"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: the learner in this process needs a GPU (gpus_per_learner=")
    assert "--learners 1" in line


def test_an_interrupt_ends_cleanly_and_a_second_one_at_once(
    trainer: Callable[[Callable[..., None]], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def once(_: str, *, league: Path, should_stop: Callable[[], bool], **__: Any) -> None:
        played_league(league)
        signal.raise_signal(signal.SIGINT)
        assert should_stop()

    def twice(_: str, **__: Any) -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    trainer(once)
    assert run(["train", GAME, "--league", str(tmp_path / "league")]) == 0
    assert capsys.readouterr().out.splitlines()[-2] == "Stopped."
    trainer(twice)
    assert run(["train", GAME, "--league", str(tmp_path / "another")]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == "error: interrupted"


def test_a_resumed_league_keeps_its_seed(
    trainer: Callable[[Callable[..., None]], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    league = str(played_league(tmp_path / "league"))
    seen: list[bool] = []
    trainer(lambda _, *, resume, **__: seen.append(resume))
    assert run(["train", GAME, "--league", league, "--resume"]) == 0
    assert seen == [True]
    assert run(["train", GAME, "--league", league, "--resume", "--seed", "1"]) == 2
    assert "error: a league keeps its seed" in capsys.readouterr().err


def test_a_league_of_an_older_version_is_shown_and_resumed(
    trainer: Callable[[Callable[..., None]], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    league = shutil.copytree(Path(__file__).parents[2] / "data" / "league_0003", tmp_path / "league")
    trainer(lambda *_, **__: None)
    assert run(["train", GAME, "--league", str(league), "--resume"]) == 0
    assert run(["leaderboard", str(league)]) == 0
    assert "main_exploiter@1" in capsys.readouterr().out


@pytest.mark.parametrize(
    "error",
    [AgentError("illegal"), WeightsError("altered"), GameError("broken"), StoreError("no disk"), OSError(28, "full")],
    ids=lambda error: type(error).__name__,
)
def test_what_fails_during_training_is_no_wrong_call(
    error: Exception,
    trainer: Callable[[Callable[..., None]], None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def loop(_: str, *, on_start: Callable[[], None], **__: Any) -> None:
        on_start()
        raise error

    trainer(loop)
    assert run(["train", GAME, "--league", str(tmp_path / "league")]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {error}")
    assert "--resume" in line
    assert "unexpected" not in line


def test_what_fails_before_training_is_a_wrong_call(
    trainer: Callable[[Callable[..., None]], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def setup(_: str, **__: Any) -> None:
        raise StoreError("another process writes there")

    trainer(setup)
    assert run(["train", GAME, "--league", str(tmp_path / "league")]) == 2
    assert capsys.readouterr().err == "error: another process writes there\n"


def test_a_fault_of_the_program_stays_one_and_a_pipe_that_closes_is_none(
    trainer: Callable[[Callable[..., None]], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def loop(_: str, *, on_start: Callable[[], None], **__: Any) -> None:
        on_start()
        raise ZeroDivisionError("oops")

    trainer(loop)
    assert run(["train", GAME, "--league", str(tmp_path / "league")]) == 1
    assert "unexpected ZeroDivisionError: oops" in capsys.readouterr().err

    def reader_leaves() -> None:
        with run_failures("") as start:
            start()
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        reader_leaves()


@pytest.mark.slow
def test_a_league_is_trained_resumed_looked_at_and_damaged(cli: Cli, tmp_path: Path) -> None:
    league = tmp_path / "league"

    def arena(*args: str) -> str:
        code, out, err = cli(*args)
        assert (code, err) == (0, "")
        return out

    assert "steps/s" in arena("train", GAME, "--league", str(league), "--steps", "6000", "--seed", "1")
    resume = ("train", GAME, "--league", str(league), "--resume", "--steps")
    with open_store(league).writer():
        code, _, err = cli(*resume, "13000")
        assert (code, err.count("\n")) == (2, 1), err  # another writes there: the call was wrong
    arena(*resume, "13000")
    board = json.loads(arena("leaderboard", str(league), "--json"))
    assert "random" in [row["agent"] for row in board]
    assert json.loads(arena("verify", str(league), "--json"))["findings"] == []
    newest = json.loads(arena("matches", str(league), "--limit", "1", "--json"))[0]
    assert arena("replay", str(league), str(newest["match"])).count(") plays ") == newest["plies"]
    for file in (league / "weights").iterdir():
        file.write_bytes(b"altered")
    code, _, err = cli(*resume, "100000")
    assert (code, err.count("\n")) == (1, 1), err  # found out when an opponent is needed: the run failed
    assert "weights" in err


def test_a_run_that_is_terminated_stops_as_one_that_is_interrupted():
    before = signal.getsignal(signal.SIGTERM)
    with Stop() as stop:
        stop.handle_terminate()
        assert not stop.requested()
        signal.raise_signal(signal.SIGTERM)
        assert stop.requested()
    assert signal.getsignal(signal.SIGTERM) is before


def test_an_empty_folder_name_is_a_wrong_call(capsys: pytest.CaptureFixture[str]) -> None:
    for call in (["train", GAME, "--league", "", "--steps", "1"], ["leaderboard", ""]):
        assert run(call) == 2
        assert "got an empty one" in capsys.readouterr().err
