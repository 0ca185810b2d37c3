"""A network watched and put back after each test."""
