"""The user's cache: what it holds, and whether it can be trusted."""
