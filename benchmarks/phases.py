"""Time each step of our own run by itself; or, with --facts, say which server would be used and how.

It runs in the environment that our plugin is installed in, prints JSON, and is called by first_assertion.py.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

_FOLDER = "{folder}"


def main() -> None:
    """Print the facts or the times."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--facts", action="store_true")
    print(json.dumps(_facts() if parser.parse_args().facts else _times()))


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _facts() -> dict[str, object]:
    from pytest_netns_mysql import settings
    from pytest_netns_mysql.mysql.dialects.options import arguments, initial, merge
    from pytest_netns_mysql.mysql.kinds.local import find
    from pytest_netns_mysql.mysql.mysqld import template as templates

    chosen = settings.resolve(settings.environment)
    server = find(chosen.mysqld, cache=chosen.cache, progress=_say)
    options = merge()
    template = templates.template(server, initial(options), cache=chosen.cache, progress=_say)
    admin = server.program("mysqladmin")
    # Ports are each contender's own.
    texts = [text for text in arguments(options) if not text.startswith("--port")]
    pairs = (text.removeprefix("--").partition("=") for text in texts)
    own = {"datadir": "data", "socket": "mysql.sock", "pid-file": "mysqld.pid", "log-error": "error.err"}
    command = [
        str(server.mysqld),
        "--no-defaults",
        *(f"--{key}={_FOLDER}/{name}" for key, name in own.items()),
        f"--tmpdir={_FOLDER}",
        *(["--user=root"] if os.geteuid() == 0 else []),
        *texts,
    ]
    return {
        "mysqld": str(server.mysqld),
        "mysqladmin": None if admin is None else str(admin),
        "version_line": server.version_line,
        "options": {key: value if equals else None for key, equals, value in pairs},
        "template": str(template),
        "command": command,
    }


def _times() -> dict[str, float]:
    """Do what the fixtures do, in their order; return the seconds of each step."""
    times: dict[str, float] = {}

    @contextlib.contextmanager
    def step(name: str) -> Iterator[None]:
        begin = time.perf_counter()
        yield
        times[name] = time.perf_counter() - begin

    with step("settings"):
        from pytest_netns_mysql import settings

        chosen = settings.resolve(settings.environment)
    with step("topology: import and load"):
        from pytest_netns_mysql.topology.file.load import load

        topology = load(chosen.topology, base=Path.cwd())
    with step("find"):
        from pytest_netns_mysql.mysql.kinds.local import find

        distribution = find(chosen.mysqld, cache=chosen.cache, progress=_say)
    with step("Sandbox.create"):
        from pytest_netns_mysql.kernel.namespaces.directories import WORK_DIRECTORY
        from pytest_netns_mysql.kernel.namespaces.sandbox import Sandbox

        sandbox = Sandbox.create(chosen.mode)
    with step("Network: namespaces, links, addresses, routes"):
        from pytest_netns_mysql.kernel.network import Network

        network = Network(sandbox, topology)
    with step("import mysql.connector"):
        import mysql.connector  # noqa: F401
    with step("import the server's and the clients' modules"):
        from pytest_netns_mysql.mysql.clients.accounts import Accounts
        from pytest_netns_mysql.mysql.clients.clients import Clients
        from pytest_netns_mysql.mysql.dialects.options import initial, merge
        from pytest_netns_mysql.mysql.mysqld import copying
        from pytest_netns_mysql.mysql.mysqld import template as templates
        from pytest_netns_mysql.mysql.mysqld.resolved import resolve
        from pytest_netns_mysql.mysql.mysqld.spec import ServerSpec
        from pytest_netns_mysql.mysql.server import MySQLServer

    source = templates.template(distribution, initial(merge()), cache=chosen.cache, progress=_say)
    with network["global"], step("copying.copy (once more, for its time)"):
        copying.copy(source, WORK_DIRECTORY / "copy")
    server = MySQLServer(resolve(ServerSpec(), distribution, cache=chosen.cache, progress=_say), network)
    try:
        with step("server.start: copy, boot, the administrator's connection"):
            server.start()
        accounts = Accounts(server)
        clients = Clients(server, accounts, "red")
        with step("account, schema, connection from red"):
            connection = clients.connect()
        with step("SELECT USER()"), connection.cursor() as cursor:
            cursor.execute("SELECT USER()")
            if cursor.fetchone() != ("red_user@192.0.2.2",):
                raise RuntimeError("the server saw another origin")
        with step("close and drop"):
            clients.__exit__(None, None, None)
            accounts.drop()
    finally:
        with step("server.kill"):
            server.kill()
    return times


if __name__ == "__main__":
    main()
