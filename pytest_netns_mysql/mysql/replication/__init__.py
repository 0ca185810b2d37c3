"""Sources, replicas and replication groups."""
