"""Learning from recorded games: episodes as Parquet files, and requests that read them instead of playing."""
