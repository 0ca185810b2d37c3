"""Pauses between a test and its teardown, and the debugger: both in a terminal."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.support.suites import source
from tests.support.terminal import Terminal

pytestmark = [pytest.mark.as_user, pytest.mark.slow]

Start = Callable[..., Terminal]
PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:asyncio", "-p", "no:cacheprovider", "--color=no"]
ENTER = "netns: press Enter to go on, Ctrl-C to end the run"
SHELL = re.compile(r"netns: {3}netns-mysql (shell .*)  # a shell in (\w+), from another terminal\n")


@pytest.fixture
def start(pytester: pytest.Pytester) -> Start:
    """A function that runs the suite pausing/fails in a terminal."""
    pytester.makepyfile(test_inner=source("pausing/fails"))

    def run(test: str, *arguments: str) -> Terminal:
        return Terminal([*PYTEST, *arguments, "-k", test], pytester.path)

    return run


def notes(pytester: pytest.Pytester) -> list[str]:
    file = pytester.path / "notes"
    return file.read_text().split("\n")[:-1] if file.exists() else []


def shell(shown: str, script: str) -> str:
    """Run a command in the shell that a pause names; return its output."""
    found = SHELL.search(shown)
    assert found is not None, shown
    words = [sys.executable, "-m", "pytest_netns_mysql.cli", *found[1].split(), "--", "sh", "-c", script]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def test_a_failed_test_waits_while_everything_is_still_up(start: Start, pytester: pytest.Pytester) -> None:
    with start("fails", "--netns-pause") as terminal:
        shown = terminal.expect(ENTER)
        assert "E       assert 41 == 42" in shown
        pid = terminal.process.pid
        what = "netns: paused: test_inner.py::test_fails failed, and everything is still up"
        assert f"{what}, in process {pid}\n" in shown
        assert f"netns:   netns-mysql shell red --pid {pid} -- mysql  # as 'red_user'@'192.0.2.2'\n" in shown
        assert re.search(
            r"netns:   mysqld, (MySQL|MariaDB) [\d.]+, listens on 127.0.0.1:3306, 192.0.2.2:3306/red, ", shown
        )
        assert shell(shown, "mysql -Nse 'SELECT USER()'") == "red_user@192.0.2.2\n"
        assert notes(pytester) == []
        terminal.enter("\n")
        shown = terminal.expect(ENTER)
        assert "netns: paused: test_inner.py::test_setup_fails failed, " in shown
        assert "RuntimeError: the fixture is broken" in shown
        assert shell(shown, "hostname -I") == "198.51.100.2 \n"
        assert notes(pytester) == ["torn down"]
        terminal.enter("\n")
        assert terminal.wait() == 1
        assert "1 failed, 3 deselected, 1 error in" in terminal.text


def test_a_marked_test_waits_though_it_passed(start: Start, pytester: pytest.Pytester) -> None:
    with start("marked") as terminal:
        shown = terminal.expect(ENTER)
        assert "netns: paused: test_inner.py::test_marked ended, and everything is still up, in process " in shown
        assert "-- mysql" not in shown
        assert notes(pytester) == ["marked ran"]
        assert shell(shown, "hostname -I") == "192.0.2.2 \n"
        terminal.enter("\n")
        assert terminal.wait() == 0
    assert notes(pytester) == ["marked ran", "torn down"]


def test_control_c_ends_the_run_and_tears_down(start: Start, pytester: pytest.Pytester) -> None:
    with start("fails or passes", "--netns-pause") as terminal:
        terminal.expect(ENTER)
        terminal.enter("\x03")
        assert terminal.wait() == 2
        assert "Exit: interrupted during a pause of netns_pause" in terminal.text
    assert notes(pytester) == ["torn down"]


def test_control_c_that_another_thread_gets_ends_the_run(start: Start, pytester: pytest.Pytester) -> None:
    # Like one that comes just before the wait, it interrupts no system call of the main thread.
    pytester.makeconftest(source("pausing/control_c_in_a_thread"))
    with start("fails", "--netns-pause") as terminal:
        terminal.expect(ENTER)
        (pytester.path / "go").touch()
        assert terminal.wait() == 2
        assert "Exit: interrupted during a pause of netns_pause" in terminal.text
    assert notes(pytester) == ["torn down"]


def test_nothing_else_waits(start: Start, pytester: pytest.Pytester) -> None:
    # What follows the option is a path, and no value of it.
    with start("passes or without", "--netns-pause", "test_inner.py") as terminal:
        assert terminal.wait() == 1
        assert "netns: paused" not in terminal.text
        assert "1 failed, 1 passed, 3 deselected in" in terminal.text
    with start("marked or test_fails", "--netns-pause=off") as terminal:
        assert terminal.wait() == 1
        assert "netns: paused" not in terminal.text


def test_a_pause_needs_a_terminal(start: Start) -> None:
    result = run_without_terminal("--netns-pause")
    assert result.returncode == 4
    assert result.stderr == (
        "ERROR: a pause waits for Enter in the terminal, and this process has none\n"
        "  where: command line --netns-pause\n"
        "  tried: /dev/tty: No such device or address\n"
        "  do: run pytest in a terminal\n"
        "  do: set netns_pause = off, and markers do not pause either\n\n"
    )
    result = run_without_terminal("--netns-pause", "-n1")
    assert result.returncode == 4
    assert result.stderr == (
        "ERROR: a pause waits for Enter in the terminal, which the workers of xdist do not have\n"
        "  where: command line --netns-pause\n"
        "  do: run with -n0\n"
        "  do: set netns_pause = off, and markers do not pause either\n\n"
    )


def run_without_terminal(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*PYTEST, *arguments], capture_output=True, text=True, start_new_session=True)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [((), "and this process has none"), (("-n1",), "which the workers of xdist do not have")],
    ids=["plain", "xdist"],
)
def test_a_marker_that_was_left_behind_fails_its_test(start: Start, arguments: tuple[str, ...], told: str) -> None:
    result = run_without_terminal("-k", "marked or passes", *arguments)
    assert result.returncode == 1
    assert f"a pause waits for Enter in the terminal, {told}\n" in result.stdout
    assert "  where: @pytest.mark.netns_pause\n" in result.stdout
    assert re.search(r"1 passed(, 3 deselected)?, 1 error in", result.stdout)
    result = run_without_terminal("-k", "marked or passes", "--netns-pause=off", *arguments)
    assert result.returncode == 0, result.stdout


FROM = "import socket; print('from', socket.create_connection(('198.51.100.2', 3306)).getsockname()[0])"
USER = "cursor = netns_mysql.cursor(); cursor.execute('SELECT USER()'); print('user', cursor.fetchone()[0])"
HOST = "import subprocess; print('host', subprocess.check_output(['hostname', '-I']).decode())"


@pytest.mark.parametrize(
    ("arguments", "test", "code"),
    [
        (("--pdb",), "test_fails", 1),
        (("--trace",), "test_fails", 1),
        (("--pdb",), "test_setup_fails", 1),
        ((), "breaks", 0),
    ],
    ids=["pdb", "trace", "pdb-in-a-fixture", "breakpoint"],
)
def test_the_debugger_stands_in_the_namespace_of_the_test(
    start: Start, pytester: pytest.Pytester, arguments: tuple[str, ...], test: str, code: int
) -> None:
    place, user = ("198.51.100.2", "blue_user") if test == "test_setup_fails" else ("192.0.2.2", "red_user")
    if test == "breaks":
        pytester.makepyfile(
            test_inner="import pytest\n@pytest.mark.netns('red')\ndef test_breaks(netns_mysql):\n    breakpoint()\n"
        )
    with start(test, *arguments) as terminal:
        for line, answer in ((FROM, f"from {place}"), (USER, f"user {user}@{place}"), (HOST, f"host {place}")):
            terminal.expect("(Pdb) ")
            terminal.enter(f"{line}\n")
            terminal.expect(f"\n{answer}")
        terminal.expect("(Pdb) ")
        terminal.enter("c\n")
        assert terminal.wait() == code, terminal.text


def test_a_pause_follows_the_debugger(start: Start) -> None:
    with start("test_fails", "--pdb", "--netns-pause") as terminal:
        terminal.expect("(Pdb) ")
        terminal.enter("c\n")
        terminal.expect(ENTER)
        terminal.enter("\n")
        assert terminal.wait() == 1
