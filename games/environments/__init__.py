"""Environments of PettingZoo, MPE, RLlib and Gymnasium as games."""
