"""What a test connects with: accounts, connections, client programs and certificates."""
