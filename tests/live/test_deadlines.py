"""No wait is for ever: a server that stops answering is told, by what was waited for."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_netns_mysql.errors import ServerNotFoundError
from pytest_netns_mysql.mysql.cache import versionline
from pytest_netns_mysql.mysql.mysqld import administrator

Suite = Callable[..., pytest.RunResult]

SUITE = """
    import os
    import signal
    import subprocess
    import time
    from pathlib import Path

    import pytest

    from pytest_netns_mysql import ServerGoneError
    from pytest_netns_mysql.mysql.mysqld import administrator

    @pytest.fixture
    def stopped(netns_mysqld_alone, monkeypatch):
        server = netns_mysqld_alone
        server.execute("SELECT 1")
        monkeypatch.setattr(server.administrator, "_patience", 1)
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
            "ask": lambda: stopped.administrator.ask("SELECT 1"),
        }
        with pytest.raises(ServerGoneError) as error:
            do[what]()
        assert str(error.value).startswith(
            "mysqld has not answered a statement of the administrator for 1 seconds\\n  where: /run/pytest-netns-mysql/"
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
"""

CONFTEST = """
    from pytest_netns_mysql import factories

    netns_mysqld_alone = factories.mysqld(options={"port": 3399}, scope="function")
"""


def test_a_server_that_stops_answering(suite: Suite) -> None:
    assert administrator._PATIENCE_FOR_TESTS < 3600
    suite(SUITE, "-p", "no:randomly", conftest=CONFTEST).assert_outcomes(passed=6)


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str], Path]:
    def make(text: str) -> Path:
        path = tmp_path / "mysqld"
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return path

    return make


def test_a_version_that_never_comes(program: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versionline, "_TIMEOUT", 0.5)
    for text in ("sleep 60", "sleep 60 & echo 'mysqld  Ver 9.7.4'"):
        began = time.monotonic()
        with pytest.raises(ServerNotFoundError) as error:
            versionline.ask(program(text), ())
        assert "does not run: with --version it had not ended after 0.5 seconds" in str(error.value)
        assert time.monotonic() - began < 10


def test_a_version_without_end(program: Callable[[str], Path]) -> None:
    with pytest.raises(ServerNotFoundError) as error:
        versionline.ask(program("yes 'mysqld  Ver 9.7.4'"), ())
    assert "does not run: with --version it printed more than 64 KB" in str(error.value)
    assert len(str(error.value)) < 1000
