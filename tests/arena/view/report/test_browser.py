"""A report in a real browser: nothing is loaded, nothing fails, and the keyboard steps through replays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import CHROMIUM, Page, browser
from league_pages import hostile_league
from small_league import played_league

from arena.view.report.page import write_report
from leagues.store import open_store

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (Debian's package chromium)"),
    pytest.mark.slow,
]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("browser")) as page:
        yield page


@pytest.fixture
def report(tmp_path: Path, page: Page) -> Path:
    """The report of a small league, opened."""
    return opened(page, played_league(tmp_path / "league"))


def opened(page: Page, league: Path) -> Path:
    file = league.with_suffix(".html")
    with open_store(league).reader() as reader:
        write_report(reader, file)
    page.problems.clear()
    page.requests.clear()
    page.look(width=1200)
    page.open(file)
    return file


def position(page: Page) -> str:
    """The text below the board."""
    return str(page.evaluate("document.querySelector('.moves').textContent"))


def test_the_page_loads_nothing_and_reports_no_problem(report: Path, page: Page) -> None:
    assert page.problems == []
    assert page.requests == [report.as_uri()]


def test_the_keyboard_steps_through_a_replay(report: Path, page: Page) -> None:
    page.evaluate("document.getElementById('viewer').focus()")
    last = int(page.evaluate("document.querySelector('#viewer input').max"))
    assert position(page).startswith(f"{last}/{last}")
    page.press("Home")
    assert position(page) == f"0/{last}  The start"
    empty = page.evaluate("document.querySelector('.board').innerText")
    page.press("ArrowRight")
    assert position(page).startswith(f"1/{last}")
    assert page.evaluate("document.querySelector('.board').innerText") != empty
    page.press("ArrowRight", "ArrowRight", "ArrowLeft")
    assert position(page).startswith(f"2/{last}")
    page.press("End", "ArrowRight")
    assert position(page).startswith(f"{last}/{last}")
    assert page.evaluate("document.querySelector('.moves b').textContent")
    page.press("n")
    assert page.evaluate("document.querySelector('[data-replay=\"1\"]').getAttribute('aria-current')") == "true"
    page.press("p")
    assert page.evaluate("document.querySelector('[data-replay=\"0\"]').getAttribute('aria-current')") == "true"
    assert page.problems == []


def test_space_plays_and_pauses(report: Path, page: Page) -> None:
    page.evaluate("document.getElementById('viewer').focus()")
    page.press(" ")
    assert position(page).startswith("0/")
    assert page.evaluate("document.getElementById('viewer').className") == "playing"
    moved = """new Promise(done => new MutationObserver(() => done(document.querySelector('.moves').textContent))
        .observe(document.querySelector('.moves'), {childList: true}))"""
    assert str(page.evaluate(moved)).startswith("1/")
    page.press(" ")
    assert page.evaluate("document.getElementById('viewer').className") == ""


def test_buttons_the_slider_and_the_list_do_the_same(report: Path, page: Page) -> None:
    for name, place in (("first", "0/"), ("on", "1/"), ("on", "2/"), ("back", "1/")):
        page.evaluate(f"document.querySelector('[data-do={name}]').click()")
        assert position(page).startswith(place)
    page.evaluate(
        "(s => { s.value = 3; s.dispatchEvent(new Event('input')); })(document.querySelector('#viewer input'))"
    )
    assert position(page).startswith("3/")
    page.evaluate("document.querySelector('[data-replay=\"1\"]').click()")
    assert page.evaluate("document.activeElement.id") == "viewer"


@pytest.mark.parametrize("width", [360, 800, 1600])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_every_screen(report: Path, page: Page, width: int, scheme: str) -> None:
    page.look(width=width, scheme=scheme)
    page.open(report)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    shade = page.evaluate("parseInt(getComputedStyle(document.body).backgroundColor.match(/[0-9]+/)[0])")
    assert (shade > 127) == (scheme == "light")
    nameless = """[...document.querySelectorAll('button, input, a, svg[role=img], [tabindex]')].filter(each =>
        !each.getAttribute('aria-label') && !each.textContent.trim()).length"""
    assert page.evaluate(nameless) == 0
    assert page.problems == []


def test_the_pointer_reads_a_chart(report: Path, page: Page) -> None:
    page.evaluate("document.querySelector('figure').scrollIntoView()")
    box = page.evaluate(
        "(b => [b.left, b.top, b.width, b.height])(document.querySelector('svg.wide').getBoundingClientRect())"
    )
    page.send("Input.dispatchMouseEvent", type="mouseMoved", x=box[0] + box[2] / 2, y=box[1] + box[3] / 2)
    assert page.evaluate("document.querySelector('figure .at').textContent") == "at 8k steps"


def test_hostile_text_runs_no_script(tmp_path: Path, page: Page) -> None:
    opened(page, hostile_league(tmp_path / "league"))
    page.evaluate("document.getElementById('viewer').focus()")
    page.press("Home", "ArrowRight", "End")
    assert page.problems == []
    assert len(page.requests) == 1
    assert page.evaluate("document.querySelectorAll('img, script').length") == 2
    assert "<script>alert(1)</script>" in page.evaluate("document.querySelector('.seats').textContent")
