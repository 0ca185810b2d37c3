"""Running sessions are listed and entered from outside, as root and as an ordinary user."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import wait_for, wait_for_file
from tests.support.suites import source
from tests.support.terminal import Terminal

pytestmark = [pytest.mark.as_user, pytest.mark.slow]

COMMAND = [sys.executable, "-m", "pytest_netns_mysql.cli"]
ENDPOINTS = "127.0.0.1:3306, 192.0.2.2:3306/red, 198.51.100.2:3306/blue"
Process = subprocess.Popen[bytes]
Run = Callable[..., Process]


def netns_mysql(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, **environment}
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False, env=env)


def shell(process: Process, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return netns_mysql("shell", "--pid", str(process.pid), *words, **environment)


def rows_of(pid: int) -> list[list[str]]:
    """Return the rows of a process in the table of `netns-mysql ps`."""
    lines = netns_mysql("ps").stdout.splitlines()
    return [re.split(r"\s{2,}", line) for line in lines if line.startswith(f"{pid} ")]


def session_of(pid: int) -> dict[str, Any] | None:
    found: list[dict[str, Any]] = json.loads(netns_mysql("ps", "--json").stdout)
    return next((session for session in found if session["pid"] == pid), None)


@pytest.fixture
def run(pytester: pytest.Pytester) -> Iterator[Run]:
    """A function that starts the suite live/waits and returns once a test of it waits."""
    pytester.makepyfile(test_waits=source("live/waits"))
    started: list[Process] = []

    def start(test: str, *arguments: str, ready: str | None = None) -> Process:
        words = [sys.executable, "-m", "pytest", "-q", "-p", "no:asyncio", "-p", "no:cacheprovider", *arguments]
        process = subprocess.Popen([*words, "-k", f"{test}_a_server"], stdout=subprocess.DEVNULL)
        started.append(process)
        wait_for_file(pytester.path / f"{ready or test}.ready", process)
        return process

    yield start
    (pytester.path / "stop").touch()
    for process in started:
        process.wait(60)


def stop(process: Process, pytester: pytest.Pytester) -> int:
    (pytester.path / "stop").touch()
    return process.wait(60)


def test_a_run_is_listed_with_its_test_and_servers_and_entered(run: Run, pytester: pytest.Pytester) -> None:
    process = run("with")
    ((pid, kind, since, runs, namespace, servers),) = rows_of(process.pid)
    assert (int(pid), kind) == (process.pid, "pytest")
    assert re.fullmatch(r"\d\d:\d\d:\d\d", since)
    assert (runs, namespace) == ("test_waits.py::test_with_a_server", "red")
    assert re.fullmatch(rf"(MySQL|MariaDB) [\d.]+: {re.escape(ENDPOINTS)}", servers)
    session = session_of(process.pid)
    assert session is not None
    assert session["namespaces"] == ["global", "red", "blue"]
    assert session["test"]["id"] == "test_waits.py::test_with_a_server"
    assert session["servers"][0]["endpoints"][1] == {
        "kind": "mysql",
        "address": "192.0.2.2",
        "port": 3306,
        "namespace": "red",
    }
    assert "secret" not in json.dumps(session)

    # The test's account connects without arguments, and its other accounts by a group of options.
    user = "SELECT USER(), IFNULL(DATABASE(), '-')"
    assert shell(process, "--", "mysql", "-Nse", user).stdout == "red_user@192.0.2.2\tred_schema\n"
    group = shell(process, "blue", "--", "mysql", "--defaults-group-suffix=_app", "-Nse", user)
    assert group.stdout == "app@198.51.100.2\t-\n", group.stderr
    script = f'mysql --defaults-file=$MYSQL_HOME/administrator.cnf -Nse "{user}"'
    assert shell(process, "--", "sh", "-c", script).stdout == "root@localhost\t-\n"
    assert shell(process, "--", "mysql", "-e", "CREATE TABLE made_in_the_shell (a INT)").stderr == ""
    assert shell(process, "--", "mysqldump", "--no-tablespaces", "red_schema").stdout.count("made_in_the_shell") > 1
    denied = shell(process, "blue", "--", "mysql", "-Nse", user)
    assert (denied.returncode, denied.stdout) == (1, "")
    assert "Access denied for user 'red_user'@'198.51.100.2'" in denied.stderr
    assert stop(process, pytester) == 0


def test_the_option_file_wins_over_what_the_environment_says(run: Run, tmp_path: Path) -> None:
    process = run("with")
    wrong = {"MYSQL_HOST": "192.0.2.99", "MYSQL_TCP_PORT": "1", "MYSQL_PWD": "wrong", "MYSQL_HOME": str(tmp_path)}
    assert (
        result := shell(process, "--", "mysql", "-Nse", "SELECT USER()", **wrong)
    ).stdout == "red_user@192.0.2.2\n", result.stderr


def test_programs_in_the_shell_have_the_capabilities_of_the_sandbox(run: Run, pytester: pytest.Pytester) -> None:
    process = run("without")
    script = "ip netns exec red hostname -I; ip link add one type veth peer name two; ip -br link show one; id -u"
    result = shell(process, "--", "sh", "-c", script)
    assert result.returncode == 0, result.stderr
    red, link, uid = result.stdout.splitlines()
    assert (red, link.split()[0], int(uid)) == ("192.0.2.2 ", "one@two", os.geteuid()), result.stderr
    # The link is the session's, not one of this machine.
    assert shell(process, "blue", "--", "ip", "-br", "link", "show", "one").returncode == 0
    assert shell(process, "red", "--", "ip", "-br", "link", "show", "one").returncode == 1
    assert not Path("/sys/class/net/one").exists()


def test_the_exit_code_the_directory_and_the_namespace_are_the_commands(run: Run, tmp_path: Path) -> None:
    process = run("without")
    assert shell(process, "--", "sh", "-c", "exit 42").returncode == 42
    words = [*COMMAND, "shell", "--pid", str(process.pid), "red", "--", "sh", "-c", "pwd; hostname -I"]
    result = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path)
    assert result.stdout == f"{tmp_path}\n192.0.2.2 \n"
    assert shell(process, "--", "hostname", "-I").stdout == "198.51.100.2 \n"  # where the test stands
    assert shell(process, "global", "--", "hostname", "-I").stdout == "192.0.2.1 198.51.100.1 \n"


def test_a_shell_in_a_terminal_says_how_to_connect_and_where_it_is(run: Run, pytester: pytest.Pytester) -> None:
    process = run("with")
    words = [*COMMAND, "shell", "--pid", str(process.pid)]
    with Terminal(["env", "SHELL=/bin/bash", f"HOME={pytester.path}", *words], pytester.path) as terminal:
        terminal.expect(f"you are in red of process {process.pid}, during test_waits.py::test_with_a_server; also")
        terminal.expect("`mysql` connects to ")
        terminal.expect(" as 'red_user'@'192.0.2.2'")
        terminal.expect("`mysql --defaults-group-suffix=_app` connects as app")
        terminal.expect("`mysql --defaults-file=")
        terminal.expect("/administrator.cnf` connects as the administrator")
        terminal.expect("[red] ")
        terminal.enter("sh -c 'echo it is ru''nning; exec sleep 100'\n")
        terminal.expect("it is running")
        terminal.enter("\x1a")
        terminal.expect("Stopped")  # the shell has job control
        terminal.enter("kill %1; echo I am $(hostname -I); stty size; exit 3\n")
        terminal.expect("I am 192.0.2.2")
        assert terminal.wait() == 3


def test_a_shell_without_a_server_has_a_prompt_too(run: Run, pytester: pytest.Pytester) -> None:
    process = run("without")
    words = [*COMMAND, "shell", "--pid", str(process.pid), "red"]
    with Terminal(["env", "SHELL=/bin/sh", f"HOME={pytester.path}", *words], pytester.path) as terminal:
        terminal.expect("netns-mysql: you are in red of process ")
        terminal.expect("[red] $ ")
        terminal.enter("exit\n")
        assert terminal.wait() == 0
    assert "mysql`" not in terminal.text


def test_what_cannot_be_entered_is_an_error_with_a_remedy(run: Run) -> None:
    process = run("without")
    result = shell(process, "rad")
    assert (result.returncode, result.stderr) == (
        1,
        "netns-mysql: there is no namespace 'rad'\n"
        "  where: netns-mysql shell\n"
        f"  tried: topology red-blue of process {process.pid} has global, red, blue\n"
        "  do: write red\n",
    )
    result = netns_mysql("shell", "--pid", "1", "red")
    assert result.returncode == 1
    assert result.stderr.startswith("netns-mysql: no session has the pid 1\n  where: netns-mysql shell\n")
    assert f"pid {process.pid}: test_waits.py::test_without_a_server" in result.stderr
    result = shell(process, "red", "--", "no-such-program")
    assert result.returncode == 127
    assert result.stderr.startswith("netns-mysql: no-such-program: No such file or directory\n")
    result = shell(process, "red", "ls")
    assert result.returncode == 2
    assert result.stderr.endswith(
        "netns-mysql shell: error: unrecognized arguments: ls\n  do: write -- before the command\n"
    )


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_run_is_not_listed_any_more(run: Run, number: signal.Signals) -> None:
    process = run("without")
    assert rows_of(process.pid)
    process.send_signal(number)
    process.wait(60)
    assert not rows_of(process.pid)
    result = shell(process, "red")
    assert result.returncode == 1
    assert result.stderr.startswith(("netns-mysql: no session has the pid ", "netns-mysql: no session is running that"))


@pytest.mark.parametrize("setting", [(), ("--netns-start=auto",)], ids=["no setting", "setting"])
def test_workers_of_xdist_are_sessions_of_their_own(
    run: Run, pytester: pytest.Pytester, setting: tuple[str, ...]
) -> None:
    process = run("with or without", "-n2", *setting, ready="without")
    wait_for_file(pytester.path / "with.ready", process)
    found = [session for session in json.loads(netns_mysql("ps", "--json").stdout) if session["worker"]]
    tests = {session["test"]["id"]: session for session in found if session["test"] is not None}
    one, two = tests["test_waits.py::test_with_a_server"], tests["test_waits.py::test_without_a_server"]
    assert {one["worker"], two["worker"]} == {"gw0", "gw1"}
    result = netns_mysql("shell")
    assert result.returncode == 1
    assert re.match(r"netns-mysql: \d+ sessions are running\n  where: netns-mysql shell\n  tried: ", result.stderr)
    assert {f"pid {session['pid']}: {session['test']['id']}" for session in (one, two)} <= {
        line.removeprefix("  tried: ").strip() for line in result.stderr.splitlines()
    }
    assert re.search(r"  do: name one: netns-mysql shell --pid \d+\n$", result.stderr)


def test_a_command_of_run_is_a_session(tmp_path: Path) -> None:
    script = f"touch {tmp_path}/ready; exec sleep 60"
    with subprocess.Popen(
        [*COMMAND, "run", "--mysqld", "--netns", "blue", "--", "sh", "-c", script], stderr=subprocess.PIPE
    ) as process:
        try:
            wait_for_file(tmp_path / "ready", process)
            wait_for(lambda: "sleep" in rows_of(process.pid)[0][3])
            ((_, kind, _, runs, namespace, servers),) = rows_of(process.pid)
            assert (kind, runs, namespace) == ("run", "sleep 60", "blue")
            assert shell(process, "--", "hostname", "-I").stdout == "198.51.100.2 \n"
            assert servers.endswith(ENDPOINTS)
            assert shell(process, "red", "--", "hostname", "-I").stdout == "192.0.2.2 \n"
            for name, user in (("global", "global_user@127.0.0.1"), ("red", "red_user@192.0.2.2")):
                result = shell(process, name, "--", "mysql", "-Nse", "SELECT USER()")
                assert result.stdout == f"{user}\n", result.stderr
        finally:
            process.kill()
    assert not rows_of(process.pid)


@pytest.mark.root
def test_other_users_see_nothing(run: Run) -> None:
    process = run("without")
    script = (
        "import os; from pytest_netns_mysql.live.sessions import sessions\n"
        "print([each.pid for each in sessions()])\n"
        "os.seteuid(65534)\n"
        "print([each.pid for each in sessions()])"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    own, foreign = map(json.loads, result.stdout.splitlines())
    assert process.pid in own
    assert process.pid not in foreign


@pytest.mark.root
def test_without_a_session_the_remedy_is_one() -> None:
    """In a process-id namespace of its own, because other sessions may run on the machine."""
    unshare = ["unshare", "--pid", "--fork", "--mount-proc", *COMMAND]
    result = subprocess.run([*unshare, "ps"], capture_output=True, text=True)
    assert (result.returncode, result.stdout, result.stderr) == (0, "no session is running\n", "")
    result = subprocess.run([*unshare, "ps", "--json"], capture_output=True, text=True)
    assert json.loads(result.stdout) == []
    result = subprocess.run([*unshare, "shell"], capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (
        1,
        "netns-mysql: no session is running that could be entered\n"
        "  where: netns-mysql shell\n"
        "  do: keep a failing test where it is: pytest --netns-pause\n"
        "  do: or start a sandbox: netns-mysql run --mysqld -- bash\n",
    )


def test_the_clients_of_mariadb_read_the_same_option_files(run: Run) -> None:
    process = run("with", "--netns-mysqld=mariadb")
    user = "SELECT CONCAT(USER(), ' ', @@version_comment LIKE '%Debian%' OR @@version LIKE '%MariaDB%')"
    for words, answer in (
        (["mariadb"], "red_user@192.0.2.2 1\n"),
        (["mariadb", "--defaults-group-suffix=_app"], "app@192.0.2.2 1\n"),
    ):
        result = shell(process, "--", *words, "-Nse", user)
        assert result.stdout == answer, result.stderr
    script = f'mariadb --defaults-file=$MYSQL_HOME/administrator.cnf -Nse "{user}"'
    assert shell(process, "--", "sh", "-c", script).stdout == "root@localhost 1\n"
