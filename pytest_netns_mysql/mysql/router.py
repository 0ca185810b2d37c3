"""MySQL Router: where its program is, and the configuration that it needs to stand in front of one server."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql.errors import FetchError, ProxyError
from pytest_netns_mysql.mysql import cached

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.proxy import Proxy

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
    """Find MySQL Router's program: on PATH, among what was fetched earlier, or fetched now."""

    def __init__(self, cache: Path, progress: Callable[[str], None]) -> None:
        """Keep where to look; ``progress`` takes a line of text."""
        self._cache = cache
        self._progress = progress

    def look(self) -> None:
        """Look for it once, while something can be fetched: from inside a rootless sandbox nothing can."""
        _ = self._found

    @property
    def path(self) -> Path:
        """Return the program's path; raise ProxyError where it is not here and cannot be fetched."""
        if isinstance(self._found, ProxyError):
            raise self._found
        return self._found

    @cached_property
    def _found(self) -> Path | ProxyError:
        on_path = shutil.which("mysqlrouter")
        if on_path is not None:
            return Path(on_path).absolute()
        earlier = cached.fetched(self._cache, "router")
        if earlier is not None:
            return earlier.program
        from pytest_netns_mysql.mysql.fetch import fetch

        cached.drop_damaged(self._cache, "router", self._progress)
        try:
            return fetch(self._cache, progress=self._progress, product="router")
        except FetchError as error:
            return ProxyError(
                f"MySQL Router was not found, and cannot be fetched: {error.what}",
                where=error.where,
                tried=("mysqlrouter on PATH", f"{self._cache / 'servers'}: none fetched earlier", *error.tried),
                remedies=("run `netns-mysql fetch router` where the package sources can be reached", *error.remedies),
            )


def argv(program: Path, proxy: Proxy) -> list[str]:
    """Write a configuration into the proxy's folder, and return the command line.

    It is a static one: MySQL Router need not know more of the server than where it is. See the manual of MySQL Router,
    "Basic Connection Routing".
    """
    # What was fetched stands elsewhere than where the program was built for.
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
