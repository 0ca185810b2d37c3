"""Topologies from files, presets and mappings."""
