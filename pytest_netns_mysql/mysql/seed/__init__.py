"""Servers that start with a project's data, and putting the data back after a test."""
