"""Keeps a CS-Cart store and a Webasyst Shop-Script store equal."""
