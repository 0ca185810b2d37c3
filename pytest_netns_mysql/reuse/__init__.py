"""A server that stays up between runs."""
