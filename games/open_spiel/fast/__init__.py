"""Faster tables for single OpenSpiel games, found through a registry."""
