"""Ours beside the peers, measured in one run and reported as ratios: `python -m benchmarks --help`."""
