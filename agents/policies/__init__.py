"""Neural policies: networks, action distributions, weights files, and a network as an agent."""
