"""A scripted day in both shops, played and judged through their own public APIs only."""
