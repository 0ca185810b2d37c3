"""Namespaces, and the threads and programs in them."""
