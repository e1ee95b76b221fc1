"""The screens, one file each.

To add a screen, write a ``Screen`` in a file here and give :class:`arena.tui.app.LeagueApp` a key that opens it (as
``action_help`` does). A screen follows the league by handlers for the feed's messages, such as ``@on(LeagueChanged)``:
the app sends every message to all open screens, and the newest view of the league to a screen that opens later. A
screen that asks for something, such as a match, takes the feed as an argument.
"""
