import os
import signal
import time
from pathlib import Path

import pytest

from pytest_netns_mysql import ServerGoneError
from pytest_netns_mysql.mysql.mysqld import administrator


@pytest.fixture
def stopped(netns_mysqld_alone, monkeypatch):
    server = netns_mysqld_alone
    server.execute("SELECT 1")
    monkeypatch.setattr(server._administrator, "_patience", 1)
    monkeypatch.setattr(administrator, "_PATIENCE_FOR_TESTS", 1)
    os.kill(server.pid, signal.SIGSTOP)
    # Its threads stop one after the other: one that does not yet may answer, see proc_pid_stat(5).
    tasks = list(Path(f"/proc/{server.pid}/task").iterdir())
    while any((task / "stat").read_text().rpartition(") ")[2][0] not in "tT" for task in tasks):
        time.sleep(0.001)
    yield server
    if server.pid is not None:
        os.kill(server.pid, signal.SIGCONT)


@pytest.mark.netns("red")
@pytest.mark.parametrize("what", ["execute", "stop", "snapshot", "ask"])
def test_it_is_told(stopped, what):
    do = {
        "execute": lambda: stopped.execute("SELECT 1"),
        "stop": stopped.stop,
        "snapshot": stopped.snapshot,
        "ask": lambda: stopped._administrator.ask("SELECT 1"),
    }
    with pytest.raises(ServerGoneError) as error:
        do[what]()
    assert str(error.value).startswith(
        "mysqld has not answered a statement of the administrator for 1 seconds\n  where: /run/pytest-netns-mysql/"
    )
    assert f"(pid {stopped.pid})" in str(error.value)


@pytest.mark.netns("red")
def test_a_snapshot_of_a_server_that_has_just_died(netns_mysqld_alone, monkeypatch):
    server = netns_mysqld_alone
    real = type(server).execute

    def dies_behind(self, statement, *values):
        found = real(self, statement, *values)
        if statement == "FLUSH ENGINE LOGS":
            os.kill(server.pid, signal.SIGKILL)
            server._process._process.wait()
        return found

    monkeypatch.setattr(type(server), "execute", dies_behind)
    with pytest.raises(ServerGoneError, match="mysqld is not running"):
        server.snapshot()


@pytest.mark.netns("red")
def test_what_mysqld_forks_ends_with_it(netns, netns_mysqld_alone):
    assert Path(f"/proc/{netns_mysqld_alone.pid}/status").read_text().split("NSpid:")[1].split()[1] == "1"
