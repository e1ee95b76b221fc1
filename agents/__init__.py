"""Who plays: the contract of an agent, and random, scripted, search, human and learned agents."""
