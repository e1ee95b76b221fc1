"""Who plays: the batched agent contract, and random, scripted, search, human and learned agents."""
