"""Connections of each driver, born in a namespace."""
