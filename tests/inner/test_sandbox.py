"""The sandbox: what a process keeps in it, when it is entered, and what stands in its way."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable

import pytest

Suite = Callable[..., pytest.RunResult]

AS_BEFORE = """
    import os, pathlib, stat
    import pytest

    def state():
        return {
            "ids": (os.getuid(), os.geteuid(), os.getgid(), os.getegid()),
            "home": pathlib.Path.home(),
            "own file": os.stat(__file__).st_uid,
            "directory": os.getcwd(),
        }

    BEFORE, RUN = state(), sorted(set(os.listdir("/run")) - {"netns", "pytest-netns-mysql"})

    @pytest.mark.netns
    def test_state(netns):
        assert state() == BEFORE
        assert sorted(set(os.listdir("/run")) - {"netns", "pytest-netns-mysql"}) == RUN
        assert sorted(os.listdir("/run/netns")) == ["blue", "red"]
        for name in RUN:
            there = pathlib.Path("/run", name)
            assert there.is_symlink() or there.exists()

    @pytest.mark.netns
    def test_permissions_hold(tmp_path):
        secret = tmp_path / "secret"
        secret.touch(mode=0)
        if os.geteuid() == 0 and not ROOTLESS:
            secret.read_text()
        else:
            with pytest.raises(PermissionError):
                secret.read_text()
"""


@pytest.mark.parametrize("mode", ["auto", "rootless"])
def test_the_process_is_itself_in_the_sandbox(suite: Suite, mode: str) -> None:
    result = suite(AS_BEFORE.replace("ROOTLESS", str(mode == "rootless")), f"--netns-mode={mode}")
    result.assert_outcomes(passed=2)


def test_programs_that_a_test_starts_have_the_four_capabilities(suite: Suite) -> None:
    result = suite(
        """
    import os, subprocess
    import pytest

    @pytest.mark.netns("red")
    def test_it():
        subprocess.run(["ip", "link", "add", "veth-x", "type", "veth", "peer", "name", "veth-y"], check=True)
        subprocess.run(["ip", "netns", "add", "green"], check=True)
        status = subprocess.run(["cat", "/proc/self/status"], capture_output=True, text=True).stdout
        effective = next(line.split()[1] for line in status.splitlines() if line.startswith("CapEff"))
        four = 1 << 21 | 1 << 12 | 1 << 13 | 1 << 10
        assert int(effective, 16) == four if os.getuid() else int(effective, 16) & four == four
    """,
        "--netns-mode=rootless",
    )
    result.assert_outcomes(passed=1)


PROBE = """
    import pathlib

    def in_user_namespace():
        return pathlib.Path("/proc/self/uid_map").read_text().split() != ["0", "0", "4294967295"]

    def test_unmarked():
        assert in_user_namespace() == {early}
"""


@pytest.mark.parametrize(
    ("arguments", "ini", "environment", "early"),
    [
        ([], "", {}, False),
        (["--netns-mode=rootless"], "", {}, True),
        ([], "netns_mode = rootless", {}, True),
        ([], "", {"NETNS_MODE": "rootless"}, True),
        (["--netns-mode=direct"], "netns_mode = rootless", {"NETNS_MODE": "rootless"}, False),
        ([], "netns_mode = rootless", {"NETNS_MODE": "direct"}, False),
    ],
    ids=["nothing", "command line", "ini", "environment", "command line wins", "environment wins"],
)
def test_the_user_namespace_is_entered_early_only_where_a_setting_asks(
    suite: Suite,
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    ini: str,
    environment: dict[str, str],
    early: bool,
) -> None:
    pytester.makeini(f"[pytest]\n{ini}\n")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    suite(PROBE.format(early=early), *arguments).assert_outcomes(passed=1)


def test_a_thread_that_a_plugin_starts_as_it_is_imported_has_pytest_start_again(suite: Suite) -> None:
    result = suite(
        "import pytest\n@pytest.mark.netns\ndef test_it(): pass\n",
        *("-p", "early_thread", "--netns-mode=rootless"),
        early_thread="import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n",
    )
    result.assert_outcomes(passed=1)


def test_a_thread_that_a_conftest_starts_is_late_enough_with_a_setting(suite: Suite) -> None:
    result = suite(
        "import pytest\n@pytest.mark.netns('red')\ndef test_it(): pass\n",
        "--netns-mode=rootless",
        conftest="import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n",
    )
    result.assert_outcomes(passed=1)


def without_capabilities(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pytest where it may make no namespace directly, whoever runs this."""
    setpriv = shutil.which("setpriv")
    assert setpriv is not None, "setpriv of util-linux is needed"
    drop = [setpriv, "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin"]
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:asyncio", *arguments]
    root = subprocess.run(["id", "-u"], capture_output=True, text=True, check=True).stdout.strip() == "0"
    return subprocess.run([*drop, *command] if root else command, capture_output=True, text=True, check=False)


def test_direct_without_the_capabilities_says_what_is_missing(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("import pytest\n@pytest.mark.netns\ndef test_it(): pass\n")
    result = without_capabilities("--netns-mode=direct")
    assert result.returncode == pytest.ExitCode.TESTS_FAILED
    assert "1 error" in result.stdout
    for line in [
        "SandboxError: netns_mode = direct needs CAP_SYS_ADMIN and CAP_NET_ADMIN, and this process lacks one of them",
        "  do: use netns_mode = auto",
        "  do: run as root, or in Docker with --cap-add SYS_ADMIN --cap-add NET_ADMIN",
    ]:
        assert line in result.stdout.splitlines()


def test_tests_are_skipped_where_no_sandbox_can_be_made_only_if_asked(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("import pytest\n@pytest.mark.netns\ndef test_it(): pass\n")
    result = without_capabilities("--netns-mode=direct", "--netns-unavailable=skip", "-rs")
    assert result.returncode == pytest.ExitCode.OK
    assert "1 skipped" in result.stdout
    assert "netns_mode = direct needs CAP_SYS_ADMIN and CAP_NET_ADMIN" in result.stdout


def test_every_worker_has_its_own_names_addresses_and_port(suite: Suite, pytester: pytest.Pytester) -> None:
    result = suite(
        """
    import os, pathlib, time
    import pytest

    @pytest.mark.parametrize("number", range(2))
    @pytest.mark.netns("red")
    def test_it(netns_mysql, netns_mysqld, number, request):
        meeting = pathlib.Path(request.config.rootpath)
        mine = f"{os.stat('/proc/thread-self/ns/net').st_ino} {netns_mysqld.pid}"
        (meeting / f"worker{number}.draft").write_text(mine)
        (meeting / f"worker{number}.draft").rename(meeting / f"worker{number}")
        deadline = time.monotonic() + 60
        while not (meeting / f"worker{1 - number}").exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        theirs = (meeting / f"worker{1 - number}").read_text()
        assert not set(mine.split()) & set(theirs.split())
        assert netns_mysqld.endpoint("red").port == 3306
        with netns_mysql.cursor() as cursor:
            cursor.execute("SELECT @@port, @@hostname, USER()")
            assert cursor.fetchone()[::2] == (3306, "red_user@192.0.2.2")
    """,
        *("-n", "2", "--netns-mode=auto"),
    )
    result.assert_outcomes(passed=2)


def test_without_a_netns_test_nothing_heavy_is_imported(suite: Suite) -> None:
    result = suite(
        """
    import sys

    def test_it():
        heavy = {"pyroute2", "mysql", "testcontainers", "filelock", "asyncio"}
        assert not heavy & {name.split(".")[0] for name in sys.modules}
        own = "pytest_net" + "ns_mysql."  # in one word it would say that there are such tests
        ours = {name.removeprefix(own) for name in sys.modules if name.startswith(own)}
        ours -= {"kernel", "kernel.rights"}  # which only read /proc
        assert not any(name.split(".")[0] in ("kernel", "mysql", "topology", "endpoint") for name in ours)
    """,
        "-p",
        "no:anyio",
    )  # which imports asyncio
    result.assert_outcomes(passed=1)
