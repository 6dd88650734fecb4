"""The heavy process that learns, and the light client that starts, pokes and restarts it."""
