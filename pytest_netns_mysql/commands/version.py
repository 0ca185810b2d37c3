"""The text of `netns-mysql --version`."""

from __future__ import annotations

import platform
from importlib import metadata

from pytest_netns_mysql import settings as table
from pytest_netns_mysql.kernel.linuxonly import platform_error


def version(settings: table.Settings) -> str:
    """Return the versions of the package, of Python, of pytest, and of each mysqld that would be used."""
    return "\n".join(
        [
            f"netns-mysql {_of('pytest-netns-mysql')}",
            f"Python {platform.python_version()}, pytest {_of('pytest')}",
            *_servers(settings),
        ]
    )


def _of(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:  # a folder on PYTHONPATH
        return "(not installed)"


def _servers(settings: table.Settings) -> list[str]:
    error = platform_error()
    if error is not None:
        return [error.what]
    from pytest_netns_mysql.mysql.mysqld.kind import title
    from pytest_netns_mysql.mysql.versions import format_version
    from pytest_netns_mysql.run.serverkinds import ServerKinds

    kinds = ServerKinds(settings, lambda _: None)
    lines = []
    for choice in kinds.names:
        kind = kinds.if_known(choice)
        found = (
            "not on this machine yet" if kind is None else f"{title(kind)} {format_version(kind.version)}, {kind.name}"
        )
        lines.append(f"netns_mysqld = {choice}: {found}")
    return lines
