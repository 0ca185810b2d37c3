"""The kinds of server: MySQL and MariaDB on this machine, and servers that others run."""
