"""A server that stays up between runs: taken by the next run, put back after it, and gone when it is to go."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys

import pytest

from pytest_netns_mysql.commands.commandparser import clock_time
from tests.reuse.conftest import Command, children, grandchildren, listed, pid_of, seen
from tests.support.processes import wait_for, wait_for_end, wait_for_file
from tests.support.suites import Suite, source

# Direct as root, rootless as an ordinary user: CI runs both.
pytestmark = [pytest.mark.as_user, pytest.mark.slow]
GRACE = 10.0  # seconds


def test_runs_use_the_standing_server_and_leave_nothing_on_it(
    command: Command, suite: Suite, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder = pid_of(command("up"))
    suite("reuse/asks", "--netns-leftovers=keep").assert_outcomes(passed=1)
    monkeypatch.setenv("LEAVE", "nothing else")
    suite("reuse/asks_and_leaves", "--netns-leftovers=keep").assert_outcomes(passed=2)
    suite("reuse/asks").assert_outcomes(passed=1)
    ((child),) = children(holder)
    assert seen(pytester) == children(child) * 3
    assert "an equal server is up already" in command("up", code=1)
    assert listed(command)[holder]["state"] == "free"
    header, *rows = command("ls").splitlines()
    assert header.split() == ["PID", "SERVER", "TOPOLOGY", "SINCE", "STATE"]
    assert [row.split()[2:] for row in rows if row.startswith(f"{holder} ")] == [
        ["netns-topology", clock_time(listed(command)[holder]["since"]), "free"]
    ]
    shown = command("ps")
    assert re.search(rf"^{holder} +up +[\d:]+ +standing server +- +MySQL [\d.]+: ", shown, re.MULTILINE), shown
    assert command("shell", "red", "--pid", str(holder), "--", "hostname", "-I") == "192.0.2.2 \n"
    assert command("down", str(holder)).startswith(f"ended: pid {holder}: mysql-")
    wait_for_end(holder, child, *seen(pytester))
    assert f"no standing server has the pid {holder}\n  where: netns-mysql down\n" in command(
        "down", str(holder), code=1
    )


def test_a_run_that_starts_late_uses_the_standing_server(
    command: Command, suite: Suite, pytester: pytest.Pytester
) -> None:
    holder = pid_of(command("up"))
    suite("reuse/asks", "--netns-start=late").assert_outcomes(passed=1)
    (child,) = children(holder)
    assert seen(pytester) == children(child)
    suite("reuse/asks", "--netns-start=late", "--netns-reuse=never").assert_outcomes(passed=1)
    assert seen(pytester)[1] not in children(child)


@pytest.mark.parametrize("what", ["mysqld", "options", "link", "address", "file"])
def test_a_standing_server_that_cannot_be_put_back_is_replaced(
    command: Command, suite: Suite, pytester: pytest.Pytester, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEAVE", what)
    holder = pid_of(command("up"))
    suite("reuse/asks_and_leaves", "--netns-leftovers=keep")
    suite("reuse/asks").assert_outcomes(passed=1)
    suite("reuse/asks").assert_outcomes(passed=1)
    first, second, third = seen(pytester)
    assert first != second == third
    assert listed(command)[holder]["state"] == "free"


def test_up_loads_what_the_topology_says(command: Command, suite: Suite, pytester: pytest.Pytester) -> None:
    seed = "CREATE SCHEMA shop; CREATE TABLE shop.article (name VARCHAR(9) PRIMARY KEY); "
    (pytester.path / "seed.sql").write_text(seed + "INSERT INTO shop.article VALUES ('bolt');")
    topology = pytester.path / "netns-topology.toml"
    topology.write_text(topology.read_text() + 'load = ["seed.sql"]\n')
    holder = pid_of(command("up"))
    suite("reuse/finds_the_seed").assert_outcomes(passed=1)
    ((child),) = children(holder)
    assert seen(pytester) == children(child)


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ('load = ["nothing.sql"]', ["nothing.sql", "mysqld.load"]),
        ('bind_address = ["192.0.2.9/red"]', ["192.0.2.9/red", "bind_address"]),
    ],
)
def test_up_checks_the_server_before_it_starts(
    command: Command, pytester: pytest.Pytester, table: str, told: list[str]
) -> None:
    topology = pytester.path / "netns-topology.toml"
    topology.write_text(f"{topology.read_text()}{table}\n")
    said = command("up", code=1)
    assert all(part in said for part in told), said


def test_a_standing_server_is_replaced_if_a_run_leaves_a_process_in_it(
    command: Command, suite: Suite, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process would keep its namespaces: it ends with the server."""
    monkeypatch.setenv("LEAVE", "process")
    command("up")
    result = suite("reuse/asks_and_leaves", "-rP")
    result.assert_outcomes(passed=2)
    ((_, left),) = [line.split() for line in result.stdout.lines if line.startswith("left ")]
    suite("reuse/asks").assert_outcomes(passed=1)
    first, second = seen(pytester)
    assert first != second
    wait_for_end(int(left))


def test_a_standing_server_is_put_back_after_a_killed_run(
    command: Command, suite: Suite, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEAVE", "killed run")
    command("up")
    suite("reuse/asks_and_leaves", "--netns-leftovers=keep")
    suite("reuse/asks").assert_outcomes(passed=1)
    first, second = seen(pytester)
    assert first == second


def test_a_second_run_at_the_same_time_starts_its_own_server(
    command: Command, suite: Suite, pytester: pytest.Pytester
) -> None:
    holder = pid_of(command("up"))
    pytester.makepyfile(test_waiting=source("reuse/asks"))
    first = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "test_waiting.py"],
        cwd=pytester.path,
        env={**os.environ, "WAIT": "60"},
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_for_file(pytester.path / "seen", first)
        assert listed(command)[holder]["state"] == f"used by pid {first.pid}"
        suite("reuse/asks", "test_inner.py").assert_outcomes(passed=1)
        own, other = seen(pytester)
        assert own != other
    finally:
        first.send_signal(signal.SIGKILL)
        first.wait()
    suite("reuse/asks", "test_inner.py").assert_outcomes(passed=1)
    assert seen(pytester)[2] == own


def test_a_run_with_other_options_does_not_use_the_standing_server(
    command: Command, suite: Suite, pytester: pytest.Pytester
) -> None:
    command("up")
    suite("reuse/asks", "--netns-topology=red-blue").assert_outcomes(passed=1)
    suite("reuse/asks", "--netns-topology=red-blue", "--netns-start=late").assert_outcomes(passed=1)
    suite("reuse/asks", "--netns-reuse=never").assert_outcomes(passed=1)
    suite("reuse/asks").assert_outcomes(passed=1)
    assert len(set(seen(pytester))) == 4


def test_a_run_in_ci_does_not_use_the_standing_server(
    command: Command, suite: Suite, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    command("up")
    suite("reuse/asks").assert_outcomes(passed=1)
    monkeypatch.setenv("CI", "true")
    suite("reuse/asks").assert_outcomes(passed=1)
    suite("reuse/asks", "--netns-reuse=always").assert_outcomes(passed=1)
    first, second, third = seen(pytester)
    assert first == third != second


def test_up_works_where_the_leader_of_the_session_has_ended(command: Command, pytester: pytest.Pytester) -> None:
    up = f"exec '{sys.executable}' -m pytest_netns_mysql.cli up >up.out 2>&1"
    script = f"(while kill -0 $$ 2>/dev/null; do sleep 0.02; done; {up}) &"
    subprocess.run(["bash", "-c", script], cwd=pytester.path, start_new_session=True, check=True)
    output = pytester.path / "up.out"
    wait_for(lambda: output.exists() and output.read_text().endswith("\n"))
    holder = pid_of(output.read_text())
    assert command("down", str(holder)).startswith(f"ended: pid {holder}: ")


def test_a_standing_server_ends_with_the_login_session(command: Command, pytester: pytest.Pytester) -> None:
    session = subprocess.Popen(
        ["bash", "-c", f"'{sys.executable}' -m pytest_netns_mysql.cli up; echo; sleep 60"],
        cwd=pytester.path,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert session.stdout is not None
    with session.stdout:
        holder = pid_of(session.stdout.readline())
        processes = [holder, *children(holder), *grandchildren(holder)]
        assert len(processes) == 3
        os.killpg(session.pid, signal.SIGKILL)
        session.wait()
    wait_for_end(*processes)


@pytest.mark.parametrize("which", [0, 1])
def test_a_killed_supervisor_leaves_nothing(command: Command, which: int) -> None:
    holder = pid_of(command("up"))
    processes = [holder, *children(holder), *grandchildren(holder)]
    os.kill(processes[which], signal.SIGKILL)
    wait_for_end(*processes)


def test_up_reports_why_the_server_did_not_start(command: Command, pytester: pytest.Pytester) -> None:
    (pytester.path / "netns-topology.toml").write_text(
        '[namespaces]\nred = "192.0.2.2/24"\n[mysqld]\noptions = {no_such_option = 1}\n'
    )
    said = command("up", code=1)
    assert said.startswith(
        "netns-mysql: could not start the standing server\n  where: netns-mysql up\n"
        "  tried: mysqld did not come up: it ended with exit code "
    )
    assert "unknown variable 'no-such-option=1'" in said
