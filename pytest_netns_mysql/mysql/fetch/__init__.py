"""Servers fetched from the machine's package sources."""
