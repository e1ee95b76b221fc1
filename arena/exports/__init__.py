"""Games as environments of RLlib and Gymnasium."""
