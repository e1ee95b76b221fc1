"""Who plays whom, and the results: records, matchmaking, payoffs, ratings, and the store."""
