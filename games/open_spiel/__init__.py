"""OpenSpiel's games: loading, stepping, lock-step tables, and the catalogue."""
