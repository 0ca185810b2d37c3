"""Random statements on a seeded server: what put_back leaves is what a fresh server has."""
