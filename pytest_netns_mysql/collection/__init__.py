"""What becomes of a test before it runs: markers, parameters, order, mistakes."""
