"""The screens, one file each.

To add a screen, write a :class:`arena.tui.screens.base.LeagueScreen` in a file here, with its queries and its keys
(a group in ``arena/tui/keys.py``), and add it to ``NUMBERED`` of ``arena/tui/app.py``, or push it from another screen.
"""
