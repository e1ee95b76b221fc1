"""A person's game in words and colours: what the play screen says."""

from __future__ import annotations

from rich.style import Style
from rich.text import Text

from agents.human import Names, Point
from arena.play.analysis import Choice, Opinion
from arena.tui.look import look, pressing
from arena.tui.sitting import Sitting
from arena.tui.widgets.opinions import policy_text
from arena.tui.widgets.players import Player
from arena.view.pieces import pieces
from arena.view.text import plain, signed

_BUTTONS = 3
"""Most moves beside the board that have one."""


def title(game: Sitting) -> Text:
    """The game, the opponent, and whether it is recorded."""
    colours = look()
    line = Text(no_wrap=True, overflow="ellipsis").append(plain(game.seating.game), f"bold {colours.accent}")
    line.append("  you against ", colours.faint).append(plain(game.seating.against), "bold")
    if game.undone:
        kept = "not recorded, because a move was taken back"
    elif game.kept:
        when = " when it is over" if game.over is None else "" if game.over.match else " later"
        kept = f"recorded in {plain(game.kept)}{when}"
    else:
        kept = "not recorded"
    line.append(f"  {kept}  ", colours.faint)
    return line.append("esc leaves", Style.parse(colours.faint) + pressing("escape"))


def heading(game: Sitting) -> str:
    """Which pieces are the person's, and who moves first."""
    laid, position = game.laid, game.position
    if laid is None:
        return ""
    own = pieces(laid.game)
    who = f"You are {own[game.seat].name if game.seat < len(own) else plain(laid.agent_ids[game.seat])}"
    if laid.together:
        return f"{who} · all move at once"
    first = game.steps[0][0][0] if game.steps and game.steps[0] else None
    if first is None and position is not None and not position.ply and position.acting:
        first = position.acting[0]
    if first is None or game.seats == 1:
        return who
    return f"{who} · {'you move first' if first == game.seat else f'{game.opponent} moves first'}"


def players(game: Sitting) -> list[Player]:
    """The seats, with their clocks, or what they got."""
    marks, colours, position = game.marks, look(), game.position
    acting = position.acting if position is not None and game.running else ()
    found = []
    for seat in range(game.seats):
        mine = seat == game.seat
        if game.over is not None:
            result = game.over.results[seat]
            note, style = f"{result} {signed(game.over.returns[seat])}", colours.result(result)
        else:
            clock = round(game.times[0 if mine else 1])
            got = f"{signed(position.got)}  " if mine and position is not None and position.got else ""
            note, style = f"{got}{clock // 60}:{clock % 60:02}", colours.faint
        found.append(Player(seat, "you" if mine else game.seating.name, marks[seat], note, style, seat in acting))
    return found


def resigning(game: Sitting) -> str:
    """The question before the game is given up."""
    return f"Give the game up?{' It is not recorded then.' if game.is_for_a_league else ''}"


def said(game: Sitting) -> Text:
    """The answer to what the person did last, and what happens now."""
    colours, position = look(), game.position
    if game.failure:
        return Text(f"{plain(game.failure)}; ", colours.bad).append("r starts again", pressing("r"))
    if game.resigned:
        kept = " The game is not recorded, because it was not played to its end." if game.is_for_a_league else ""
        text = Text(f"You resigned.{kept} ", colours.warm)
        return text.append("r plays another", pressing("r")).append(".")
    faint = Style.parse(colours.faint)
    note = game.answer or game.note
    text = Text(f"{plain(note, lines=True)}\n" if note else "", colours.warm)
    if game.over is not None:
        text.append(f"{game.over.sentence[:1].upper()}{game.over.sentence[1:]}.", "bold")
        if game.over.unrecorded:
            text.append(f"\nNot recorded: {plain(game.over.unrecorded)}.", colours.warm)
            text.append(" w records it later", faint + pressing("w"))
            return text.append(", or in another league.", colours.faint)
        kept = f" Recorded as match {game.over.match}." if game.over.match else ""
        text.append(f"{kept} ", colours.faint)
        return text.append("r plays another", faint + pressing("r")).append(".", colours.faint)
    if position is None:
        return text.append("setting the table ...", colours.faint)
    if game.advance:
        text.append(f"{plain(game.advance)}: waits for {game.opponent}, which is loading")
    elif game.begun is None:
        rest = "; choose your move meanwhile" if game.seat in position.acting else ""
        text.append(f"{game.opponent} is loading{rest}")
    elif position.asks:
        asked = "Choose from the list." if game.target else "Where to?" if game.source else "Your move."
        text.append(asked, f"bold {colours.good}")
        for action in () if game.source or game.target else game.beside[:_BUTTONS]:
            press = Style(meta={"@click": f"choose({action})"})
            text.append(" ").append(f"[{plain(position.legal[action])}]", Style.parse(colours.accent) + press)
    else:
        text.append(f"{game.opponent} thinks ...", colours.faint)
    return text


def invitation(game: Sitting) -> str:
    """What the line to type into is for."""
    if game.over is not None and game.over.unrecorded:
        return "the folder of the league that is to record the game"
    choice = game.choice()
    if isinstance(choice, Point):
        return choice.text(brief=True).replace("\n", " ")
    if not game.running:
        return ""
    first = choice.label(next(iter(choice.names))) if isinstance(choice, Names) else ""
    number = first.split()[0] if first.startswith("#") else ""
    if number:
        return f"type a move: its name, or its number, such as {number}"
    beside = plain(choice.names[game.beside[0]]) if isinstance(choice, Names) and game.beside else ""
    return f"type a move by its name, such as {beside}" if beside else "type a move by its name"


def advised(game: Sitting, width: int) -> Text | None:
    """What the opponent thinks of the position, in ``width`` columns; None if it was not asked."""
    advice, colours = game.advice, look()
    if advice is None or not game.running:
        return None
    if advice.problem:
        return Text(plain(advice.problem), colours.warm)
    text = Text(game.opponent, colours.faint)
    if advice.value is not None:
        text.append(" expects ").append(f"{advice.value:+.2f}", f"bold {colours.foreground}").append(" for you")
    if advice.best:
        best = tuple(Choice(action, name, share) for action, name, share in advice.best)
        text.append(" and would play\n" if advice.value is not None else " would play\n")
        text.append_text(policy_text(Opinion(advice.ply, game.seat, None, best), width))
    return text
