"""One running mysqld: its configuration, data, process and administrator."""
