"""Pictures of matches: on a terminal, and as files that other programs read."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pygame
import pytest
from broken_environments import Pair
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from played_league import AGENTS, make_league

from arena.cli.app import run
from arena.play.matches import play_pairings, rotated_pairings
from arena.view.pictures import half_blocks, png, shrunk
from arena.view.replay import PICTURE, frames, replay_text
from games import BrokenGameError, make_game
from games.contract import PictureArray
from leagues.store import Reader, open_store

PONG = "pettingzoo:cooperative_pong_v6(max_cycles=4)"
pictures = st.tuples(st.integers(1, 12), st.integers(1, 12)).flatmap(lambda size: arrays(np.uint8, (*size, 3)))


@pytest.fixture(scope="module")
def league(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_league(tmp_path_factory.mktemp("league"), PONG, played=False)
    with open_store(folder).writer() as writer:
        pairings = rotated_pairings(("main@1", "random"), games=1, seed=4)
        writer.record(matches=play_pairings(make_game(PONG), pairings, AGENTS))
    return folder


@pytest.fixture
def reader(league: Path) -> Iterator[Reader]:
    with open_store(league).reader() as reader:
        yield reader


def read_png(data: bytes) -> PictureArray:
    """A PNG as another library reads it."""
    return pygame.surfarray.array3d(pygame.image.load(io.BytesIO(data))).swapaxes(0, 1)


def pixels(text: str) -> list[list[list[int]]]:
    """What half blocks show, row by row of pixels."""
    rows: list[list[list[int]]] = []
    for line in text.splitlines():
        upper, lower = [], []
        for colours, blocks in re.findall(r"\x1b\[([\d;]+)m(▀+)", line):
            codes = list(map(int, colours.split(";")))
            upper += [codes[2:5]] * len(blocks)
            lower += [codes[7:10]] * len(blocks)
        rows += [upper, lower]
    return rows


@given(pictures)
def test_half_blocks_show_every_pixel_of_a_picture_that_fits(picture: PictureArray) -> None:
    assert pixels(half_blocks(picture, 12, 6))[: len(picture)] == picture.tolist()


@given(pictures, st.integers(1, 12), st.integers(1, 12))
def test_a_picture_shrinks_to_means_of_its_pixels(picture: PictureArray, width: int, height: int) -> None:
    small = shrunk(picture, width, height)
    assert small.shape[0] <= height
    assert small.shape[1] <= width
    assert picture.min() <= small.min() <= small.max() <= picture.max()
    plain = np.full_like(picture, 77)
    assert np.all(shrunk(plain, width, height) == 77)


@given(pictures)
def test_a_png_reads_back(picture: PictureArray) -> None:
    assert np.array_equal(read_png(png(picture)), picture)


def test_frames_of_a_game_that_is_seen_carry_its_picture(reader: Reader) -> None:
    shown = frames(reader, 1)
    painted = [frame.picture for frame in shown if frame.picture is not None]
    assert len(painted) == len(shown)
    assert all(picture.shape[1] <= PICTURE[0] and picture.shape[0] <= PICTURE[1] for picture in painted)
    assert not np.array_equal(painted[0], painted[-1])
    assert "▀" in "".join(replay_text(reader, 1, colour=True))
    assert not re.search("[▀\x1b]", "".join(replay_text(reader, 1)))


def test_every_position_becomes_a_file(league: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "new" / "pictures"
    assert run(["replay", str(league), "1", "--pictures", str(folder)]) == 0
    files = sorted(folder.iterdir())
    assert [file.name for file in files] == [f"{ply:05}.png" for ply in range(5)]
    assert read_png(files[0].read_bytes()).shape == (280, 480, 3)
    assert "5 pictures" in capsys.readouterr().out
    assert run(["replay", str(league), "1", "--pictures", str(folder)]) == 2  # nothing is overwritten
    assert run(["replay", str(league), "1", "--pictures", str(tmp_path / "other"), "--text"]) == 2
    assert capsys.readouterr().err.count("\n") == 2


def test_a_game_that_draws_none_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    league = make_league(tmp_path / "league")
    assert run(["replay", str(league), "1", "--pictures", str(tmp_path / "pictures")]) == 2
    captured = capsys.readouterr()
    assert "'tic_tac_toe' draws no pictures" in captured.err
    assert not (tmp_path / "pictures").exists()


class Smeared(Pair):
    """Its pictures are none after its first step; how often it was painted is counted."""

    metadata: ClassVar = {"name": "smeared", "render_modes": ["rgb_array"]}
    painted = 0

    def __init__(self, smear: str = "raise", render_mode: str | None = None) -> None:
        super().__init__()
        self.smear, self.render_mode = smear, render_mode

    def render(self) -> Any:
        Smeared.painted += 1
        if not self.round:
            return np.zeros((4, 6, 3), np.uint8)
        if self.smear == "raise":
            raise RuntimeError("no ink")
        return {"grey": np.zeros((4, 6), np.uint8), "floats": np.zeros((4, 6, 3)), "none": None}[self.smear]


@pytest.mark.parametrize("smear", ["raise", "grey", "floats", "none"])
def test_a_picture_that_fails_leaves_the_replay_its_drawings(
    tmp_path: Path, smear: str, caplog: pytest.LogCaptureFixture
) -> None:
    spec = f"{__name__}:Smeared(smear={smear!r})"
    game = make_game(spec)
    state = game.new_state(1)
    assert state.picture() is not None
    state.apply([0, 0])
    with pytest.raises(BrokenGameError, match="render"):
        state.picture()
    folder = make_league(tmp_path / "league", game.spec, played=False)
    with open_store(folder).writer() as writer:
        writer.record(matches=play_pairings(game, rotated_pairings(("main@1", "random"), games=1, seed=4), AGENTS))
        shown = frames(writer, 1, trust_code=True)
        coloured = list(replay_text(writer, 1, colour=True, trust_code=True))
        Smeared.painted = 0
        plain = list(replay_text(writer, 1, trust_code=True))
        assert Smeared.painted == 0  # nobody looks
    assert [frame.picture is None for frame in shown] == [False, True, True, True, True]
    assert ["▀" in block for block in coloured[1:-1]] == [True, False, False, False, False]
    assert len(coloured) == len(plain) == 7
    assert all(frame.drawing in block for frame, block in zip(shown, plain[1:], strict=False))
    assert len(caplog.records) == 2  # once for each replay that was painted
