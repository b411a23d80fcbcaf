"""Real servers and clients that tests start for themselves, each on ports and in folders of its own."""
