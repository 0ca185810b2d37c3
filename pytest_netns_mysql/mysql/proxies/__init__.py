"""Proxies in front of a server, MySQL Router among them."""
