"""Results as values: scores, tallies, blocks and payoffs. Needs no store."""
