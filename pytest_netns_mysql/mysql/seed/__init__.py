"""Servers that start with a project's data, and that data put back after a test."""
