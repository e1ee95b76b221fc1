"""Positions and actions as text for people. A leaf: it needs only the contract of games."""
