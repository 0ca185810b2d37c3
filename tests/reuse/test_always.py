"""The setting netns_reuse = always: a run starts the standing server that later runs use, and no other."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.reuse.conftest import Command, grandchildren, listed, pid_of, seen
from tests.support.processes import wait_for, wait_for_end
from tests.support.suites import Suite, source

# Direct as root, rootless as an ordinary user: CI runs both.
pytestmark = [pytest.mark.as_user, pytest.mark.slow]


@pytest.fixture
def offers(command: Command, own_offers: Path) -> Path:
    """The folder of offers, with the data directory of the server in the cache: only then can a run start one."""
    command("down", str(pid_of(command("up"))))
    return own_offers


@pytest.mark.usefixtures("offers")
@pytest.mark.parametrize("start", ["early", "auto", "late"])
def test_always_starts_a_standing_server(command: Command, suite: Suite, pytester: pytest.Pytester, start: str) -> None:
    for _ in range(2):
        suite("reuse/asks", "--netns-reuse=always", f"--netns-start={start}").assert_outcomes(passed=1)
    first, second = seen(pytester)
    assert first == second
    (holder,) = listed(command)
    assert grandchildren(holder) == [first]
    command("down", str(holder))
    wait_for_end(holder, first)


def test_always_starts_a_server_with_what_an_image_would_make(
    command: Command, own_offers: Path, suite: Suite, pytester: pytest.Pytester
) -> None:
    with (pytester.path / "netns-topology.toml").open("a") as topology:
        topology.write('environment = { MYSQL_DATABASE = "shop", MYSQL_ALLOW_EMPTY_PASSWORD = "yes" }\n')
    command("down", str(pid_of(command("up"))))
    for _ in range(2):
        suite("reuse/asks", "--netns-reuse=always").assert_outcomes(passed=1)
    first, second = seen(pytester)
    assert first == second


@pytest.mark.usefixtures("offers")
@pytest.mark.parametrize("start", ["auto", "late"])
@pytest.mark.parametrize(
    ("name", "options"),
    [("asks_elsewhere", ()), ("asks_for_no_server", ()), ("general_log", ("--netns-general-log=on",))],
)
def test_always_leaves_no_server_that_the_run_did_not_use(
    command: Command, suite: Suite, pytester: pytest.Pytester, name: str, options: tuple[str, ...], start: str
) -> None:
    (pytester.path / "seen").write_text("[]")
    suite(f"reuse/{name}", "--netns-reuse=always", f"--netns-start={start}", *options).assert_outcomes(passed=1)
    wait_for(lambda: {one for pid in listed(command) for one in grandchildren(pid)} <= {*seen(pytester)})


def test_a_server_that_nobody_needed_is_not_started_again(offers: Path, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_inner=source("reuse/asks_for_no_server"))
    changed = []
    for _ in range(3):
        before = offers.stat().st_mtime_ns  # a server makes a folder in it, and removes the folder
        result = pytester.run(sys.executable, "-m", "pytest", "--netns-reuse=always")  # the same arguments each time
        result.assert_outcomes(passed=1)
        wait_for(lambda: not any(offers.iterdir()))
        changed.append(offers.stat().st_mtime_ns != before)
    assert changed[1:] == [False, False]


@pytest.mark.parametrize("other", [False, True], ids=["no server is up", "another server is up"])
def test_always_starts_nothing_for_a_run_without_netns_tests(
    command: Command, offers: Path, suite: Suite, other: bool
) -> None:
    if other:
        command("up", "--topology", "red-blue")
        offers /= "pytest-netns-mysql"
    before = offers.stat().st_mtime_ns
    suite("def test_it(): ...", "--netns-reuse=always").assert_outcomes(passed=1)
    assert offers.stat().st_mtime_ns == before
