"""Matches and positions for a person: words, colours, pictures and replays."""
