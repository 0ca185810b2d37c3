"""What a test does to the network: the next test finds none of it, whatever it is and however it was done."""

from __future__ import annotations

from collections.abc import Callable

import pytest

pytestmark = pytest.mark.slow
Suite = Callable[..., pytest.RunResult]

CHANGED = """
    import ctypes
    import fcntl
    import os
    import socket
    import struct
    import subprocess

    import pytest

    @pytest.mark.netns("red")
    def test_by_a_program(netns):
        subprocess.run(["ip", "link", "set", "vpeer-red", "down"], check=True)

    @pytest.mark.netns("red")
    def test_after_a_program(netns_mysql):
        assert netns_mysql.is_connected()

    def test_from_elsewhere(netns):
        netns["blue"].run(["ip", "route", "del", "default"], check=True)
        netns["red"].run(["ip", "address", "flush", "dev", "vpeer-red"], check=True)

    def test_after_that(netns_connect):
        netns_connect("red", endpoint="blue")
        netns_connect("blue", endpoint="red")

    def test_by_pyroute2(netns):
        from pyroute2 import IPRoute

        with netns["global"], IPRoute() as route:
            route.link("del", index=route.link_lookup(ifname="veth-red")[0])

    def test_after_pyroute2(netns_connect):
        netns_connect("red", endpoint="blue")
        netns_connect("blue", endpoint="red")

    def test_by_a_system_call(netns):
        with netns["blue"], socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            fcntl.ioctl(sock, 0x8914, struct.pack("16sh14x", b"vpeer-blue", 0))  # SIOCSIFFLAGS

    def test_by_a_thread(netns):
        def down():
            with netns["red"]:
                subprocess.run(["ip", "link", "set", "vpeer-red", "mtu", "1000"], check=True)

        import threading
        thread = threading.Thread(target=down)
        thread.start()
        thread.join()

    def test_by_settings(netns):
        with netns["global"], open("/proc/sys/net/ipv4/ip_forward", "w") as file:
            file.write("0")

    def test_after_settings(netns, netns_connect):
        netns_connect("red", endpoint="blue")
        with netns["red"]:
            mtu = subprocess.run(["ip", "link", "show", "vpeer-red"], capture_output=True, text=True, check=True).stdout
        assert "mtu 1500" in mtu

    def test_names(netns):
        with netns["red"], open("/etc/hosts", "a") as file:
            file.write("192.0.2.99 shop.test\\n")
        netns["global"].run(["ip", "netns", "add", "green"], check=True)
        netns["global"].run(["ip", "netns", "del", "blue"], check=True)

    def test_after_names(netns, netns_connect):
        assert sorted(os.listdir("/run/netns")) == ["blue", "red"]
        with open("/etc/hosts") as file:
            assert "shop.test" not in file.read()
        netns["global"].run(["ip", "netns", "exec", "blue", "true"], check=True)
        netns_connect("blue", endpoint="red")

    @pytest.mark.netns("red")
    def test_it_breaks_and_fails(netns):
        subprocess.run(["ip", "link", "set", "lo", "down"], check=True)
        subprocess.run(["ip", "link", "set", "vpeer-red", "down"], check=True)
        assert not "it fails"

    @pytest.mark.netns("red")
    def test_after_a_failure(netns_connect):
        netns_connect(endpoint="blue")

    def test_our_own_means(netns):
        netns.link("red").down()
        netns.link("red").up()
        with netns.partition("red"):
            pass

    def test_both(netns, netns_mysqld):
        netns_mysqld.execute("CREATE SCHEMA stray")
        netns["red"].run(["ip", "rule", "add", "from", "192.0.2.2", "lookup", "77", "pref", "100"], check=True)
"""


def test_the_next_test_finds_the_network_as_it_was(suite: Suite, as_written: tuple[str, str]) -> None:
    result = suite(CHANGED, "-rP", *as_written)
    result.assert_outcomes(passed=15, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*left on the network: put back*",
            "red: link vpeer-red is down, was up",
            "red: route default via 192.0.2.1 dev vpeer-red is gone",
        ]
    )


def test_a_change_may_fail_its_test(suite: Suite, as_written: tuple[str, str]) -> None:
    result = suite(CHANGED, "--netns-leftovers=fail", *as_written)
    result.assert_outcomes(passed=15, failed=1, errors=9)
    result.stdout.fnmatch_lines(
        [
            "LeftoverError: the test changed the network and did not undo the change; the network was put back",
            "  where: test_inner.py::test_by_a_program*",
            "  tried: red: link vpeer-red is down, was up",
            "  tried: red: route default via 192.0.2.1 dev vpeer-red is gone",
            "  do: undo the change in the test, or in a function-scoped fixture: netns.link(...).up()",
            "  do: set netns_leftovers = reset to put changes back without an error",
            "LeftoverError: the test left changes on a server and in the network that other tests use; *",
            "  where: test_inner.py::test_both",
            "  tried: red: rule 100: from 192.0.2.2 lookup 77 is new",
            "  tried: mysqld: schema stray is new",
        ]
    )
    assert "ERROR at teardown of test_our_own_means" not in result.stdout.str()
    assert "ERROR at teardown of test_after" not in result.stdout.str()


KEPT = """
    import subprocess
    import pytest

    @pytest.mark.netns("red")
    def test_one(netns):
        subprocess.run(["ip", "address", "add", "192.0.2.9/24", "dev", "vpeer-red"], check=True)

    @pytest.mark.netns("red")
    def test_two(netns):
        shown = subprocess.run(["ip", "address"], capture_output=True, text=True, check=True).stdout
        print("kept:", "192.0.2.9" in shown)
"""


@pytest.mark.parametrize(("leftovers", "is_kept"), [("keep", True), ("reset", False)])
def test_changes_may_be_kept(suite: Suite, leftovers: str, is_kept: bool) -> None:
    result = suite(KEPT, f"--netns-leftovers={leftovers}", "-rP")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines([f"kept: {is_kept}"])


BUILDING = """
    import subprocess
    import pytest

    def has(netns, address):
        shown = netns["red"].run(["ip", "address"], capture_output=True, text=True, check=True).stdout
        return address in shown

    def add(netns, address):
        netns["red"].run(["ip", "address", "add", f"{address}/24", "dev", "vpeer-red"], check=True)

    @pytest.mark.netns_leftovers("keep")
    class TestBuildingOnEachOther:
        def test_one(self, netns):
            add(netns, "192.0.2.8")
            netns["red"].run(["sysctl", "-qw", "net.ipv4.tcp_retries2=9"], check=True)

        @pytest.mark.netns_leftovers("reset")
        def test_inside(self, netns):
            assert has(netns, "192.0.2.8")
            add(netns, "192.0.2.9")
            netns["red"].run(["sysctl", "-qw", "net.ipv4.tcp_retries2=3"], check=True)

        def test_two(self, netns):
            assert has(netns, "192.0.2.8")
            assert not has(netns, "192.0.2.9")
            with netns["red"], open("/proc/sys/net/ipv4/tcp_retries2") as file:
                assert file.read() == "9\\n"

    def test_after_them(netns):
        assert not has(netns, "192.0.2.8")
        with netns["red"], open("/proc/sys/net/ipv4/tcp_retries2") as file:
            assert file.read() == "15\\n"
"""


def test_tests_may_build_on_each_other(suite: Suite) -> None:
    result = suite(BUILDING, "-rP")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(["red: address 192.0.2.9/24 dev vpeer-red is new"])


WIDER = """
    import subprocess
    import pytest

    def shown(netns, *argv):
        return netns["red"].run(argv, capture_output=True, text=True, check=True).stdout

    @pytest.fixture(scope="module")
    def second_address(netns):
        netns["red"].run(["ip", "address", "add", "192.0.2.8/24", "dev", "vpeer-red"], check=True)
        netns["red"].run(["sysctl", "-qw", "net.ipv4.tcp_retries2=9"], check=True)
        yield
        netns["red"].run(["ip", "address", "del", "192.0.2.8/24", "dev", "vpeer-red"], check=True)

    @pytest.fixture(scope="session")
    def late(netns):
        netns["red"].run(["ip", "link", "add", "mine", "type", "veth", "peer", "name", "yours"], check=True)
        netns["red"].run(["ip", "link", "set", "mine", "up"], check=True)

    def test_one(netns, second_address):
        netns["red"].run(["ip", "address", "flush", "dev", "vpeer-red"], check=True)
        netns["red"].run(["sysctl", "-qw", "net.ipv4.tcp_retries2=3"], check=True)

    def test_it_stays(netns, second_address, request):
        assert "192.0.2.8/24" in shown(netns, "ip", "address")
        assert shown(netns, "sysctl", "-n", "net.ipv4.tcp_retries2").strip() == "9"
        netns["red"].run(["ip", "address", "add", "192.0.2.9/24", "dev", "vpeer-red"], check=True)
        request.getfixturevalue("late")
        netns["red"].run(["ip", "link", "set", "mine", "down"], check=True)

    def test_what_came_late_stays_too(netns, late):
        assert "192.0.2.9" not in shown(netns, "ip", "address")
        assert "mine@yours" in shown(netns, "ip", "link")
        netns["red"].run(["ip", "link", "del", "mine"], check=True)

    def test_and_is_made_anew(netns, late):
        assert ",UP," in shown(netns, "ip", "link", "show", "mine")
"""


def test_wider_fixtures_keep_what_they_made(suite: Suite) -> None:
    suite(WIDER).assert_outcomes(passed=4)


BEYOND = """
    import pytest

    @pytest.fixture(scope="session")
    def ruled(netns):
        from pyroute2.nftables.main import NFTables

        with netns["red"], NFTables(nfgen_family=2) as nft:
            nft.table("add", name="wider")

    @pytest.fixture(scope="session")
    def shop(netns_mysqld):
        netns_mysqld.execute("CREATE SCHEMA shop")

    PIDS = []

    def test_beyond_repair(netns, ruled, shop, netns_mysqld):
        from pyroute2.nftables.main import NFTables

        PIDS.append(netns_mysqld.pid)
        with netns["red"], NFTables(nfgen_family=2) as nft:
            nft.table("del", name="wider")

    def test_all_is_there_again(netns, ruled, shop, netns_mysqld, netns_connect):
        from pyroute2.nftables.main import NFTables

        assert netns_mysqld.pid not in PIDS
        assert ("shop",) in netns_mysqld.execute("SHOW SCHEMAS")
        netns_connect("red", endpoint="blue")
        with netns["red"], NFTables(nfgen_family=2) as nft:
            nft.table("del", name="wider")
            nft.table("add", name="wider")

    @pytest.mark.netns("blue")
    def test_and_a_marker_alone_has_it(netns_mysql):
        with netns_mysql.cursor() as cursor:
            cursor.execute("SELECT USER()")
            assert cursor.fetchone() == ("blue_user@198.51.100.2",)
"""


def test_what_cannot_be_put_back_is_built_anew(suite: Suite) -> None:
    result = suite(BEYOND, "-rP")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(
        ["*left on the network: the network is rebuilt*", "red: nftables table ip wider is gone"],
    )


PLAIN = """
    import pytest
    import socket

    @pytest.mark.netns("red")
    @pytest.mark.parametrize("time", range(3))
    def test_without_a_server(netns, time):
        with netns["blue"]:
            listener = socket.create_server(("198.51.100.2", 3306))
        with listener:
            socket.create_connection(("198.51.100.2", 3306), timeout=10).close()
        netns["global"].run(["ip", "link", "set", "veth-red", "down"], check=True)
"""


def test_no_server_is_needed(suite: Suite) -> None:
    suite(PLAIN).assert_outcomes(passed=3)


def test_each_worker_looks_after_its_own_network(suite: Suite) -> None:
    suite(PLAIN.replace("range(3)", "range(8)"), "-n2").assert_outcomes(passed=8)


SEVERAL = """
    import os
    import subprocess
    import pytest

    def watched():
        found = []
        for name in os.listdir("/proc/self/fd"):
            try:
                found.append(os.readlink(f"/proc/self/fd/{name}"))
            except FileNotFoundError:
                pass
        return found.count("/proc/sys/net/ipv4")

    def break_it(netns):
        assert watched() == len(netns)
        assert "192.0.2.9" not in subprocess.check_output(["ip", "address"], text=True)
        with open("/proc/sys/net/ipv4/tcp_retries2") as setting:
            assert setting.read() == "15\\n"
        subprocess.run(["ip", "address", "add", "192.0.2.9/24", "dev", "lo"], check=True)
        subprocess.run(["sysctl", "-qw", "net.ipv4.tcp_retries2=9"], check=True)

    @pytest.mark.netns("red", topology="red-blue")
    def test_one(netns):
        break_it(netns)

    @pytest.mark.netns("red", topology="isolated")
    def test_another(netns):
        break_it(netns)

    @pytest.mark.netns("red", topology="red-blue")
    def test_the_one_again(netns):
        break_it(netns)

    @pytest.mark.netns("red", topology="isolated")
    def test_the_other_again(netns):
        break_it(netns)
"""


def test_a_network_that_is_not_in_use_has_few_files_open(suite: Suite) -> None:
    suite(SEVERAL).assert_outcomes(passed=4)


UNWATCHED = """
    import errno
    import os
    import pytest
    from pytest_netns_mysql.kernel.namespaces import syscalls

    def refuse():
        raise OSError(errno.EMFILE, f"inotify_init1: {os.strerror(errno.EMFILE)}")

    syscalls.inotify_init = refuse
"""


def test_where_the_network_cannot_be_watched_that_is_told(suite: Suite) -> None:
    result = suite(KEPT, "-rP", conftest=UNWATCHED)
    result.assert_outcomes(passed=2)
    line = "netns-mysql: what tests do to the network is not put back: * inotify_init1: Too many open files (raise *"
    result.stdout.fnmatch_lines([line, "kept: True"])
