"""CS-Cart: its HTTP API, its payloads, and the store port on top of them."""
