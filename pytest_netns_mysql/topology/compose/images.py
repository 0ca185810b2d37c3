"""The products of container images: which are MySQL, and which MariaDB."""

from __future__ import annotations

import re

_IMAGE = re.compile(
    r"(?:alpine-)?(mysql|mariadb|percona)"
    r"(?:-(?:server|community-server|enterprise-server|cluster|galera|aria|xtradb-cluster|[0-9][\w.]*(?:-\w+)?))?"
)


def product_of(image: str) -> str | None:
    """Return the product of an image by its name: ``mysql``, ``mariadb``, or None for another program."""
    name = image.partition("@")[0].rpartition("/")[2].partition(":")[0]
    found = _IMAGE.fullmatch(name)
    return None if found is None else "mariadb" if found[1] == "mariadb" else "mysql"
