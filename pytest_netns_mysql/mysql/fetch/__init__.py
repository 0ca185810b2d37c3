"""Servers fetched from the machine's own package sources."""
