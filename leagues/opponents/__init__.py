"""Samplers that choose opponents."""
