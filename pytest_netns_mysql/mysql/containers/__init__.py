"""MySQL in a container."""
