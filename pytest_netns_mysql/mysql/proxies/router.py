"""MySQL Router: its program, and its configuration for one server."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql.errors import FetchError, ProxyError
from pytest_netns_mysql.mysql.cache import cached

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.fetch.permission import Permission
    from pytest_netns_mysql.mysql.proxies.proxy import Proxy

_CONFIGURATION = """\
[DEFAULT]
{plugins}logging_folder =
runtime_folder = {folder}
config_folder = {folder}
data_folder = {folder}

[logger]
level = info

[routing:mysql]
bind_address = {address}
bind_port = {port}
destinations = {server}
protocol = classic
routing_strategy = first-available
"""


class RouterProgram:
    """The program of MySQL Router: from PATH, from the cache, or fetched into the cache."""

    def __init__(self, cache: Path, progress: Callable[[str], None], permission: Permission) -> None:
        """Remember where to look; ``look`` or ``path`` looks.

        Args:
            cache: The user's cache folder.
            progress: Takes a line of text about a download.
            permission: The user's permission to fetch programs.
        """
        self._cache = cache
        self._progress = progress
        self._permission = permission
        self._found: Path | ProxyError | None = None

    @property
    def is_missing(self) -> bool:
        """True if the program is not on this machine, and ``look`` has not looked for it yet."""
        return self._found is None and self._find_local() is None

    def look(self) -> None:
        """Find the program, and fetch it if need be. Inside a sandbox nothing can be fetched: call this before."""
        if self._found is None:
            try:
                self._found = self._find_local() or self._fetch()
            except ProxyError as error:
                self._found = error

    @property
    def path(self) -> Path:
        """The program's path; raises ProxyError if the program is missing and cannot be fetched."""
        self.look()
        if isinstance(self._found, ProxyError):
            raise self._found
        if self._found is None:
            raise AssertionError
        return self._found

    def _find_local(self) -> Path | None:
        on_path = shutil.which("mysqlrouter")
        if on_path is not None:
            return Path(on_path).absolute()
        fetched = cached.fetched(self._cache, "router")
        return fetched.program if fetched is not None else None

    def _fetch(self) -> Path:
        from pytest_netns_mysql.mysql.fetch.fetch import fetch
        from pytest_netns_mysql.mysql.fetch.products import ROUTER

        tried = ("mysqlrouter on PATH", f"{self._cache / 'servers'}: none fetched earlier")
        self._permission.require(
            ROUTER.title, ROUTER.name, error=ProxyError, where="factories.router", tried=tried, remedies=ROUTER.remedies
        )
        try:
            return fetch(self._cache, progress=self._progress, product=ROUTER.name)
        except FetchError as error:
            raise ProxyError(
                f"MySQL Router was not found, and cannot be fetched: {error.what}",
                where=error.where,
                tried=(*tried, *error.tried),
                remedies=("run `netns-mysql fetch router` where the package sources can be reached", *error.remedies),
            ) from error


def argv(program: Path, proxy: Proxy) -> list[str]:
    """Write a configuration into the proxy's folder, and return the command line.

    The configuration is one static route to the server's endpoint, without a bootstrap. See the manual of MySQL
    Router, "Basic Connection Routing".

    Args:
        program: The path of the program.
        proxy: The proxy that is to run the program.
    """
    # A fetched program lies in another folder than the folder that it was built for, where it looks for plugins.
    plugins = program.resolve().parent.parent / "lib" / "mysqlrouter" / "plugin"
    address, server = proxy.endpoint.address, proxy.server_endpoint
    text = _CONFIGURATION.format(
        plugins=f"plugin_folder = {plugins}\n" if plugins.is_dir() else "",
        folder=proxy.folder,
        address=address,
        port=proxy.endpoint.port,
        server=f"{_bracketed(server.address)}:{server.port}",
    )
    file = proxy.folder / "mysqlrouter.conf"
    file.write_text(text)
    return [str(program), f"--config={file}"]


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address
