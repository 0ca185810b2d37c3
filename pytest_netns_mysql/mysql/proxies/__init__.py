"""Proxies in front of a server."""
