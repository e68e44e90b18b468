"""The engines: they see stores and state through ports only."""
