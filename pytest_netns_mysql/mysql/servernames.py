"""How the setting netns_mysqld names servers, beside their paths."""

from __future__ import annotations

AUTO = "auto"
"""A MySQL that is installed or was fetched, or else is fetched now."""

MARIADB = "mariadb"
"""A MariaDB that is installed or was fetched, or else is fetched now."""

IMAGE = "docker://"
"""The prefix of a container image's name."""

EXTERNAL = "external:"
"""The prefix of the address of a server that others run."""
