"""The faults that a test can cause in a network."""
