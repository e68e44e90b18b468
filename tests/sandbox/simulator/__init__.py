"""Schedules of edits, sales, hints, faults and crashes, drawn from a seed and played against the real engine, then checked.

`python -m tests.sandbox.simulator --help` says how; a seed that fails is replayed, with all that happened, by `--seed`.
"""
