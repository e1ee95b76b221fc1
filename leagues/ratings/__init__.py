"""Ratings and intervals, derived from results."""
