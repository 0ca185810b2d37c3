"""A network that is watched, and put back after each test."""
