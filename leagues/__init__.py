"""Who plays whom, and what came of it: records, matchmaking, payoffs, ratings, and the store."""
