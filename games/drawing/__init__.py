"""Positions and moves as text for a person."""
