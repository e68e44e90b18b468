"""Mutants of the rules and of the engine, and whether the quick tests notice them."""
