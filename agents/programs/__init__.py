"""Agents that are programs of their own: processes that speak JSON lines, and UCI engines."""
