"""After a netns test: root goes home, everybody else is behind a one-way door, and is told so."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Suite = Callable[..., pytest.RunResult]

MIXED = """
    import os
    import pytest

    HOST = os.stat("/proc/thread-self/ns/net").st_ino, os.stat("/proc/thread-self/ns/mnt").st_ino

    def here():
        return os.stat("/proc/thread-self/ns/net").st_ino, os.stat("/proc/thread-self/ns/mnt").st_ino

    def test_before():
        assert here() == HOST

    @pytest.mark.netns("red")
    def test_red(tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        assert here()[0] != HOST[0] and here()[1] != HOST[1]

    def test_between(request):
        assert here() == HOST
        assert os.getcwd() == str(request.config.rootpath)

    @pytest.mark.netns
    def test_global():
        assert here()[0] != HOST[0]

    def test_after():
        assert here() == HOST
"""


def order(result: pytest.RunResult) -> list[str]:
    return [line.split("::")[1].split()[0] for line in result.stdout.lines if "::" in line and "PASSED" in line]


def test_root_goes_home_after_every_netns_test(suite: Suite, is_root: bool) -> None:
    result = suite(MIXED, "-v")
    result.assert_outcomes(passed=5)
    written = ["test_before", "test_red", "test_between", "test_global", "test_after"]
    last = ["test_before", "test_between", "test_after", "test_red", "test_global"]
    assert order(result) == (written if is_root else last)


def test_rootless_orders_netns_tests_last_and_keeps_the_order_otherwise(suite: Suite) -> None:
    result = suite(MIXED, "-v", "--netns-mode=rootless")
    result.assert_outcomes(passed=5)
    assert order(result) == ["test_before", "test_between", "test_after", "test_red", "test_global"]


def test_behind_the_door_another_test_fails_and_says_why(suite: Suite, as_written: tuple[str, str]) -> None:
    result = suite(MIXED, *as_written, "--netns-mode=rootless")
    result.assert_outcomes(passed=3, errors=2)
    result.stdout.fnmatch_lines(
        [
            "this test has no netns marker and comes after a netns test: without root the process cannot go back, "
            "so the host's network is gone",
            "  do: keep the order that the plugin gives, netns tests last; with xdist --dist load or worksteal",
            "  do: run as root, or split the run: netns tests in one, the others in another",
            "  do: netns_other_tests = allow, if this test needs no network",
        ]
    )


def test_a_test_that_needs_no_network_may_be_allowed_behind_the_door(suite: Suite, as_written: tuple[str, str]) -> None:
    result = suite(
        "import pytest\n@pytest.mark.netns\ndef test_first(): pass\ndef test_second(): pass\n",
        *(*as_written, "--netns-mode=rootless", "--netns-other-tests=allow"),
    )
    result.assert_outcomes(passed=2)


def test_a_fixture_asked_for_at_run_time_is_noticed_too(suite: Suite) -> None:
    result = suite(
        """
    def test_dynamic(request):
        assert request.getfixturevalue("netns")["red"].address == "192.0.2.2"

    def test_after(): pass
    """,
        "--netns-mode=rootless",
    )
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*so the host's network is gone"])


def test_a_thread_that_a_test_left_elsewhere_is_brought_home(suite: Suite) -> None:
    result = suite(
        """
    import os
    import pytest
    PLACES = []

    @pytest.fixture(autouse=True, scope="module")
    def place():
        PLACES.append(os.stat("/proc/thread-self/ns/net").st_ino)

    @pytest.mark.netns
    def test_stray(netns):
        netns["red"].__enter__()

    @pytest.mark.netns
    def test_next(netns):
        with netns["global"]:
            there = os.stat("/proc/thread-self/ns/net").st_ino
        assert os.stat("/proc/thread-self/ns/net").st_ino == there
    """,
        "-Wdefault",
    )
    result.assert_outcomes(passed=2, warnings=1)
    result.stdout.fnmatch_lines(
        ["*NetnsWarning: the block of red at test_inner.py:* was still open when the test ended*"]
    )


def test_the_run_stops_where_the_thread_cannot_be_brought_home(suite: Suite) -> None:
    result = suite("""
    import os
    import pytest
    from pytest_netns_mysql.kernel.namespaces import syscalls

    @pytest.mark.netns
    def test_stray(netns):
        netns["red"].__enter__()
        syscalls.limit_capabilities(frozenset())

    @pytest.mark.netns
    def test_never_run(): pass
    """)
    result.assert_outcomes(failed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*SandboxError: the thread could not be brought back from the namespace that this test left it in",
            "*  where: test_inner.py::test_stray",
            "*Interrupted: the thread could not be brought back * left it in: test_inner.py::test_stray*",
        ]
    )


def test_blocks_nest_and_belong_to_their_thread(suite: Suite) -> None:
    result = suite("""
    import socket, threading

    def interfaces():
        return {name for _, name in socket.if_nameindex()} - {"lo"}

    def test_it(netns):
        with netns["red"]:
            with netns["blue"]:
                assert interfaces() == {"vpeer-blue"}
                with netns["red"]:
                    assert interfaces() == {"vpeer-red"}
                assert interfaces() == {"vpeer-blue"}
            assert interfaces() == {"vpeer-red"}
            seen = []
            def elsewhere():
                with netns["blue"]:
                    seen.append(interfaces())
                seen.append(interfaces())
            thread = threading.Thread(target=elsewhere)
            thread.start(); thread.join()
            assert seen == [{"vpeer-blue"}, {"vpeer-red"}]
            assert interfaces() == {"vpeer-red"}
        assert interfaces() == {"veth-red", "veth-blue"}
    """)
    result.assert_outcomes(passed=1)


def test_a_thread_from_before_the_sandbox_enters_only_where_it_can_come_back(suite: Suite, is_root: bool) -> None:
    result = suite(
        """
    import queue, socket, threading
    import pytest
    from pytest_netns_mysql import OneWayError

    TASKS, ANSWERS = queue.Queue(), queue.Queue()

    def work():
        for task in iter(TASKS.get, None):
            try:
                ANSWERS.put(task())
            except Exception as error:
                ANSWERS.put(error)

    THREAD = threading.Thread(target=work, daemon=True)
    THREAD.start()

    def test_it(netns):
        def task():
            with netns["red"]:
                return {name for _, name in socket.if_nameindex()}
        TASKS.put(task)
        answer = ANSWERS.get(timeout=5)
        if RETURNS:
            assert answer == {"lo", "vpeer-red"}
        else:
            assert isinstance(answer, OneWayError)
            assert "started before the sandbox and is outside" in str(answer)
            assert "do: start the thread (or its executor) inside the test that uses it" in str(answer)
        TASKS.put(None)
        THREAD.join()
    """.replace("RETURNS", str(is_root)),
        "--netns-mode=auto",
    )
    result.assert_outcomes(passed=1)
