"""What `mainstay run` does: read a line of words, change the environment, become another program (chain loading)."""
