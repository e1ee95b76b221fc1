"""The screens, one file each.

To add a screen, write a :class:`arena.tui.screens.base.LeagueScreen` in a file here, with its queries and its keys
(a group in ``arena/tui/keys.py``). Then add its title to ``NUMBERED`` of ``arena/tui/layout.py``, or push the screen
from another one.
"""
