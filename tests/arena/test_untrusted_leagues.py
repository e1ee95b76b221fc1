"""Nothing that is done with somebody else's league folder runs code that its database names, unless it is trusted."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from leaguekit import unguarded
from played_league import make_league
from textual.message import Message

import arena
from agents.basic import FirstLegalAgent
from agents.contract import AgentError
from agents.registry import make_agent
from arena.cli.app import run
from arena.play.analysis import Analyses
from arena.settings import Settings
from arena.tui.feed import Answered, Feed
from arena.tui.replayed import Replayed
from arena.verify import verify
from arena.view.replay import frames, replay_json, replay_text
from games import UntrustedCodeError, make_game
from leagues.records import LeagueError, Member
from leagues.settings import LeagueSettings
from leagues.store import StoreError, open_store

pytestmark = pytest.mark.slow

GAME = "their_code:make_game(size=3)"
AGENT = "py:their_code:make_agent"
CODE = """
from pathlib import Path
Path("ran").touch()

def make_game(size):
    from pettingzoo.classic.tictactoe.tictactoe import env
    return env()

def make_agent(game):
    from agents.basic import FirstLegalAgent
    return FirstLegalAgent()
"""


def rewrite(folder: Path, *statements: str) -> Path:
    """Change a league behind the store's back."""
    with unguarded(folder) as connection:
        for statement in statements:
            assert connection.execute(statement).rowcount == 1
    return folder


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory, with a module in it that leaves a file behind when it runs."""
    (tmp_path / "their_code.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    monkeypatch.delitem(sys.modules, "their_code", raising=False)
    return tmp_path


@pytest.fixture
def game_league(place: Path) -> Path:
    """A league of a game that is code of its maker's own."""
    folder = make_league(place / "league", GAME)
    del sys.modules["their_code"]
    Path("ran").unlink()
    return folder


@pytest.fixture
def agent_league(place: Path) -> Path:
    """A league of tic-tac-toe whose baseline ``random`` is code of its own."""
    return rewrite(make_league(place / "league"), f"UPDATE members SET agent = '{AGENT}' WHERE name = 'random'")


def opened(folder: Path, *, trust_code: bool = False) -> str:
    """What the viewer says of match 1: why it cannot be shown, or its last position."""
    messages: list[Message] = []

    def post(message: Message) -> None:
        messages.append(message)
        if isinstance(message, Answered):
            feed.stop()

    feed = Feed(folder, post, trust_code=trust_code)
    feed.ask([Replayed(1)])
    feed.run()
    (match,) = (message.value for message in messages if isinstance(message, Answered))
    return str(match.problem or match.frames[-1].drawing)


def read(folder: Path, work: Callable[..., object], **settings: bool) -> object:
    with open_store(folder).reader() as reader:
        result = work(reader, 1, **settings)
        return list(result) if work is replay_text else result  # type: ignore[call-overload]


def positions(folder: Path, **settings: bool) -> object:
    with arena.open_league(folder, **settings) as league:
        return league.replay(1)


USES_OF_A_GAME: dict[str, Callable[..., object]] = {
    "verify": verify,
    "frames": lambda folder, **settings: read(folder, frames, **settings),
    "replay_text": lambda folder, **settings: read(folder, replay_text, **settings),
    "open_league": positions,
    "analysis": lambda folder, **settings: Analyses().match(str(folder), 1, **settings),
}


@pytest.mark.parametrize("use", USES_OF_A_GAME)
def test_a_stored_game_runs_only_when_it_is_trusted(game_league: Path, use: str) -> None:
    with pytest.raises(UntrustedCodeError, match=r"their_code.*--trust-code") as caught:
        USES_OF_A_GAME[use](game_league)
    assert "\n" not in str(caught.value)
    assert not Path("ran").exists()
    assert USES_OF_A_GAME[use](game_league, trust_code=True)
    assert Path("ran").exists()


def test_the_viewer_shows_why_a_stored_game_does_not_run(game_league: Path) -> None:
    assert "--trust-code" in opened(game_league)
    assert not Path("ran").exists()
    assert "o" in opened(game_league, trust_code=True)


def test_what_needs_no_game_works_without_trust(game_league: Path) -> None:
    with arena.open_league(game_league) as league:
        assert league.leaderboard()
        assert league.matches()
        assert league.members()
        assert league.info.game == GAME
    assert read(game_league, replay_json)
    assert not Path("ran").exists()


@pytest.mark.parametrize(
    "args",
    [
        ["verify", "league"],
        ["replay", "league", "1", "--text"],
        ["play", "tic_tac_toe", "--against", "league:random"],
        ["match", "tic_tac_toe", "league:random", "first"],
        ["match", "tic_tac_toe", "first", "random", "--league", "league"],
        ["match", "tic_tac_toe", "league:random", "first", "--league", "other"],
        ["tournament", "tic_tac_toe", "league:random", "first", "mcts:2"],
        ["tournament", "tic_tac_toe", "random", "first", "mcts:2", "--league", "league"],
        ["sprt", "tic_tac_toe", "league:random", "first"],
        ["sprt", "tic_tac_toe", "first", "random", "--league", "league"],
        ["rate", "league", "--games", "2"],
        ["exploitability", "tic_tac_toe", "league:random"],
        ["exploitability", "tic_tac_toe", "league:random", "--minutes", "0.01"],
        ["exploitability", "tic_tac_toe", "league:random", "--minutes", "0.01", "--league", "league"],
        ["accuracy", "tic_tac_toe", "league:random"],
        ["check", "league:random", "tic_tac_toe"],
        ["train", "tic_tac_toe", "--league", "league", "--resume", "--steps", "1"],
        ["train", "pettingzoo:tictactoe_v3", "--league", "league", "--resume", "--steps", "1"],
    ],
)
@pytest.mark.parametrize("league", ["game_league", "agent_league"])
def test_the_command_line_runs_nothing(
    league: str, args: list[str], request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    request.getfixturevalue(league)
    code = run(args)
    out, err = capsys.readouterr()
    assert not Path("ran").exists()
    if not (league == "agent_league" and args[0] in ("verify", "replay")):  # these need no agent
        assert (code, out, err.count("\n")) == (2, "", 1)
    assert run(["matches", "league"]) == 0  # no harm was done to it
    assert not Path("other").exists()


@pytest.mark.parametrize("league", ["game_league", "agent_league"])
def test_what_only_reads_a_league_works_and_runs_nothing(league: str, request: pytest.FixtureRequest) -> None:
    request.getfixturevalue(league)
    for command in (["leaderboard"], ["payoffs"], ["matches"], ["show", "random"], ["rank", "--by", "nash"]):
        assert run([command[0], "league", *command[1:]]) == 0
    assert run(["replay", "league", "1", "--export", "json"]) == 0
    assert run(["plot", "league", "-o", "league.png"]) in (0, 2)  # there may be nothing to draw
    assert run(["report", "league", "-o", "league.html"]) == 0
    assert not Path("ran").exists()


def test_no_id_of_a_baseline_is_taken_for_its_agent(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rewrite(make_league(place / "league"), f"UPDATE members SET name = '{AGENT}', agent = NULL WHERE name = 'random'")
    for args in (["train", "tic_tac_toe", "--league", "league", "--resume", "--steps", "100000"], ["rate", "league"]):
        assert run(args) == 2
        assert f"the baseline '{AGENT}' names no agent" in capsys.readouterr().err
    assert not Path("ran").exists()


def test_the_command_line_runs_what_is_trusted_from_the_current_directory(game_league: Path) -> None:
    code = "import sys; from arena.cli import main; sys.path[:] = [p for p in sys.path if p]; main(sys.argv[1:])"
    for args, words in ((["verify", "league"], "22 matches"), (["replay", "league", "1", "--text"], "The start")):
        command = [sys.executable, "-P", "-c", code, *args]
        refused = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert "--trust-code" in refused.stderr
        done = subprocess.run([*command, "--trust-code"], capture_output=True, text=True, check=True)
        assert words in done.stdout


def test_a_stored_baseline_runs_only_when_it_is_trusted_or_written_out(agent_league: Path) -> None:
    game, spec = make_game("tic_tac_toe"), f"{agent_league}:random"
    uses: list[Callable[[], object]] = [
        lambda: arena.load_agent(spec, game),
        lambda: arena.play_match(game, [spec, "first"], games=2),
        lambda: arena.play_match(game, ["random", "first"], games=2, league=agent_league),
        lambda: arena.open_league(agent_league).agent("random"),
    ]
    for use in uses:
        with pytest.raises(AgentError, match=r"their_code.*--trust-code") as caught:
            use()
        assert "\n" not in str(caught.value)
    assert isinstance(arena.load_agent(f"{agent_league}:first", game), FirstLegalAgent)
    assert not Path("ran").exists()
    assert isinstance(arena.load_agent(spec, game, trust_code=True), FirstLegalAgent)
    assert arena.play_match(game, ["random", "first"], games=2, league=agent_league, trust_code=True).games == 2
    with arena.open_league(agent_league, trust_code=True) as league:
        assert isinstance(league.agent("random"), FirstLegalAgent)


def test_what_a_person_writes_out_is_trusted(place: Path) -> None:
    folder = rewrite(
        make_league(place / "league"), f"UPDATE members SET agent = '{AGENT}', name = '{AGENT}' WHERE name = 'random'"
    )
    game = make_game("tic_tac_toe")
    assert isinstance(arena.load_agent(f"{folder}:{AGENT}", game), FirstLegalAgent)
    assert arena.play_match(game, [AGENT, "first"], games=2, league=folder).games == 2
    assert isinstance(make_agent(AGENT, game), FirstLegalAgent)
    with pytest.raises(AgentError, match="their_code"):
        make_agent(AGENT, game, trust_code=False)


def test_a_person_who_names_the_game_trusts_it(game_league: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["match", GAME, "league:random", "league:first", "--games", "2", "--league", "league"]) == 0
    assert "in 2 games" in capsys.readouterr().out


def test_training_runs_only_the_baselines_that_its_own_config_names(agent_league: Path) -> None:
    from arena import LeaguePPOConfig
    from arena.training.session import LeagueSession

    game = make_game("tic_tac_toe")
    learner = Member("main", "learner", "main", modules=dict.fromkeys(game.agent_ids, "main"))

    stored = json.dumps(Settings(league=LeagueSettings(baselines=("first", AGENT))).to_dict())
    rewrite(agent_league, f"UPDATE league SET settings = '{stored}'")

    def session(*baselines: str) -> LeagueSession:
        settings = Settings(league=LeagueSettings(baselines=("first", *baselines)))
        return LeagueSession(agent_league, game, settings, seed=7, learners=[learner], share=bytes)

    with pytest.raises(StoreError, match=r"their_code.*`baselines`"):
        session()
    settings = Settings().replaced({"league.baselines": ["random", AGENT]})
    with pytest.raises(LeagueError, match="their_code"):
        LeaguePPOConfig().game("tic_tac_toe").apply(settings)
    settings = Settings().replaced({"network.name": "their_code:Network"})
    with pytest.raises(LeagueError, match="their_code:Network"):
        LeaguePPOConfig().game("tic_tac_toe").apply(settings)
    assert not Path("ran").exists()
    session(AGENT).close()
    assert Path("ran").exists()


def test_stored_settings_set_what_training_stores_and_nothing_else() -> None:
    from arena import LeaguePPOConfig

    stored = LeaguePPOConfig().game("tic_tac_toe").training(lr=0.25).settings().to_dict()
    config = LeaguePPOConfig().game("tic_tac_toe").apply(Settings.from_dict(stored))
    assert config.lr == 0.25
    stored["optimization"]["learner_class"] = "their_code.Learner"
    with pytest.raises(LeagueError, match="no setting 'learner_class'"):
        Settings.from_dict(stored)


def test_resuming_a_league_whose_states_are_a_link_harms_no_files_elsewhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_league(tmp_path / "league")
    elsewhere = (folder / "state").rename(tmp_path / "elsewhere")
    for name in ("model.safetensors", f"{'ab' * 32}.safetensors", ".half.part"):
        (elsewhere / name).touch()
    before = sorted(elsewhere.iterdir())
    (folder / "state").symlink_to(elsewhere)
    assert run(["train", "tic_tac_toe", "--league", str(folder), "--steps", "1", "--resume"]) == 2
    assert "is a link, but must be a folder" in capsys.readouterr().err
    assert sorted(elsewhere.iterdir()) == before


def test_a_league_whose_stored_network_is_huge_is_refused_before_it_takes_memory(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args = ["train", "tic_tac_toe", "--league", str(tmp_path / "league"), "--env-runners", "0", "--steps"]
    assert run([*args, "1"]) == 0
    where = "SET settings = json_set(settings, '$.network.config.fcnet_hiddens', json('[100000000, 100000]'))"
    rewrite(tmp_path / "league", f"UPDATE league {where}")
    capsys.readouterr()
    assert run([*args, "2", "--resume"]) == 2
    err = capsys.readouterr().err
    assert "do not fit the network of module 'main'" in err
    assert err.count("\n") == 1
