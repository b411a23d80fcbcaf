"""The only place for low-level calls: pidfds, reuseport and BPF, /proc, cgroups, descriptors. Imports nothing of ours.

Linux first. Elsewhere each module takes a plainer way or says so: a `supported()` that is False, or None for an answer.
"""
