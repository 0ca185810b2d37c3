"""Has a server with an account, clients and a capture, tells where all of it is, and waits until that was attacked."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from pytest_netns_mysql import AccountFactory, ArgvFactory, ConnectFactory, MySQLServer, Network


def test_attacked(
    netns: Network,
    netns_mysqld: MySQLServer,
    netns_account: AccountFactory,
    netns_connect: ConnectFactory,
    netns_argv: ArgvFactory,
) -> None:
    marks = Path(os.environ["MARKS"])
    app = netns_account("app", host="%", password=os.environ["SECRET"])
    netns_connect("red", account=app)
    argv = netns_argv("mysql", "--execute=SELECT SLEEP(300)", namespace="red", account=app)
    client = netns["red"].popen(argv)
    facts = {
        "pids": {"pytest": os.getpid(), "mysqld": netns_mysqld.pid, "client": client.pid},
        "socket": str(netns_mysqld.datadir.parent / "mysql.sock"),
        "endpoints": [[endpoint.address, 3306] for endpoint in map(netns_mysqld.endpoint, ("global", "red", "blue"))],
    }
    (marks / "facts.draft").write_text(json.dumps(facts))
    (marks / "facts.draft").rename(marks / "facts.json")
    deadline = time.monotonic() + 300
    while not (marks / "looked").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert client.poll() is None
    client.kill()
    client.wait()
    assert netns_mysqld.execute("SELECT 1") == [(1,)]
