"""The parts of a screen: the status line, the tables and the board."""
