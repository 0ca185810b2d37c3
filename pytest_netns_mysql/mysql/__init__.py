"""The server's floor: which mysqld, its data, its endpoints, its clients."""
