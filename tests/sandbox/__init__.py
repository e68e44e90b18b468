"""Both stores, unkind and faithful, on one machine; shares no code with what it tests."""
