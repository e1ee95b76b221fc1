"""Games that run in programs of other people, the clients, which connect over TCP. ``docs/own-game.md``."""
