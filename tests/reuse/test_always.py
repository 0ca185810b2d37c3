"""The setting netns_reuse = always: a run starts the standing server that later runs use, and no other."""

from __future__ import annotations

import pytest

from tests.reuse.conftest import Command, grandchildren, listed, pid_of, seen
from tests.support.processes import wait_for, wait_for_end
from tests.support.suites import Suite

# Direct as root, rootless as an ordinary user: CI runs both.
pytestmark = [pytest.mark.as_user, pytest.mark.slow]


@pytest.mark.parametrize("start", ["early", "auto", "late"])
def test_always_starts_a_standing_server(command: Command, suite: Suite, pytester: pytest.Pytester, start: str) -> None:
    command("down", str(pid_of(command("up"))))  # from here on its data directory is in the cache
    for _ in range(2):
        suite("reuse/asks", "--netns-reuse=always", f"--netns-start={start}").assert_outcomes(passed=1)
    first, second = seen(pytester)
    assert first == second
    holder = next(pid for pid in listed(command) if first in grandchildren(pid))
    command("down", str(holder))
    wait_for_end(holder, first)


@pytest.mark.usefixtures("own_offers")
@pytest.mark.parametrize("start", ["auto", "late"])
@pytest.mark.parametrize(
    ("name", "options"),
    [("asks_elsewhere", ()), ("asks_for_no_server", ()), ("general_log", ("--netns-general-log=on",))],
)
def test_always_leaves_no_server_that_the_run_did_not_use(
    command: Command, suite: Suite, pytester: pytest.Pytester, name: str, options: tuple[str, ...], start: str
) -> None:
    command("down", str(pid_of(command("up"))))  # from here on its data directory is in the cache
    (pytester.path / "seen").write_text("[]")
    suite(f"reuse/{name}", "--netns-reuse=always", f"--netns-start={start}", *options).assert_outcomes(passed=1)
    wait_for(lambda: {one for pid in listed(command) for one in grandchildren(pid)} <= {*seen(pytester)})
    command("down")


@pytest.mark.usefixtures("own_offers")
def test_always_starts_nothing_for_a_run_without_netns_tests(command: Command, suite: Suite) -> None:
    command("down", str(pid_of(command("up"))))
    suite("def test_it(): ...", "--netns-reuse=always").assert_outcomes(passed=1)
    assert listed(command) == {}
