"""Webasyst Shop-Script: its HTTP API, its payloads, OAuth, and the store port on top of them."""
