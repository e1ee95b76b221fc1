"""OpenSpiel's games: specs, states, lock-step tables, and their part of the catalogue."""
