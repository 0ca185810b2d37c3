"""What differs between MySQL and MariaDB."""
