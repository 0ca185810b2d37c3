"""Packets of a network: captured in its namespaces, decoded for assertions, written as pcapng."""
