"""Random statements on a seeded server, which put_back must return to the state of a fresh server."""
