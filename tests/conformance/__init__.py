"""Replays what a real Shop-Script answered against the sandbox, so that the sandbox cannot drift from it."""
