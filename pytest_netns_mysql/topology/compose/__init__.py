"""Compose files as topologies: what docker compose would make of a file, as plain data."""
