"""Replicas and replication groups."""
