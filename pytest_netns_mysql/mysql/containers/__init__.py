"""Servers in containers: engine, images, and the servers that run in them."""
