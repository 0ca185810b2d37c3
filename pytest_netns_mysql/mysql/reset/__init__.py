"""What a test left on a server: found, reported, undone; and snapshots of a server."""
