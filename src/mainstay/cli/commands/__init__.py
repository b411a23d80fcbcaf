"""One file per command: its options, the question to the daemon, what is printed. Found through `cli.index`."""
