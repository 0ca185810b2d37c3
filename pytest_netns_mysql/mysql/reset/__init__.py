"""A server's state after a test: compared, put back, and kept in snapshots."""
