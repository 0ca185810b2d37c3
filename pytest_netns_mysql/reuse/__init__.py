"""Standing servers, which stay up between runs."""
