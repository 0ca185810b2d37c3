"""The sandbox: what the process keeps inside, when the process enters, and errors that prevent entering."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from tests.support.suites import Suite

pytestmark = pytest.mark.as_user


@pytest.mark.parametrize("mode", ["auto", "rootless"])
def test_the_process_keeps_its_user_home_and_run_directory(
    suite: Suite, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXPECTED_MODE", mode)
    result = suite("sandbox/as_before", f"--netns-mode={mode}")
    result.assert_outcomes(passed=2)


def test_programs_that_a_test_starts_get_the_four_capabilities(suite: Suite) -> None:
    result = suite(
        "sandbox/capabilities",
        "--netns-mode=rootless",
    )
    result.assert_outcomes(passed=1)


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
def test_the_user_namespace_is_entered_early_only_if_a_setting_asks_for_it(
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
    monkeypatch.setenv("EXPECTED", "early" if early else "late")
    suite("sandbox/probe", *arguments).assert_outcomes(passed=1)


def test_pytest_starts_again_after_a_plugin_has_started_a_thread_at_import(suite: Suite) -> None:
    result = suite(
        "import pytest\n@pytest.mark.netns\ndef test_it(): pass\n",
        *("-p", "early_thread", "--netns-mode=rootless"),
        early_thread="import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n",
    )
    result.assert_outcomes(passed=1)


def test_with_a_setting_a_conftest_may_start_threads(suite: Suite) -> None:
    result = suite(
        "import pytest\n@pytest.mark.netns('red')\ndef test_it(): pass\n",
        "--netns-mode=rootless",
        conftest="import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n",
    )
    result.assert_outcomes(passed=1)


def without_capabilities(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pytest without CAP_SYS_ADMIN, so that it cannot create namespaces directly."""
    setpriv = shutil.which("setpriv")
    assert setpriv is not None, "setpriv of util-linux is needed"
    drop = [setpriv, "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin"]
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:asyncio", *arguments]
    root = subprocess.run(["id", "-u"], capture_output=True, text=True, check=True).stdout.strip() == "0"
    return subprocess.run([*drop, *command] if root else command, capture_output=True, text=True, check=False)


def test_direct_mode_without_the_capabilities_is_an_error_that_names_them(pytester: pytest.Pytester) -> None:
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


def test_netns_unavailable_skips_tests_if_no_sandbox_can_be_created(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("import pytest\n@pytest.mark.netns\ndef test_it(): pass\n")
    result = without_capabilities("--netns-mode=direct", "--netns-unavailable=skip", "-rs")
    assert result.returncode == pytest.ExitCode.OK
    assert "1 skipped" in result.stdout
    assert "netns_mode = direct needs CAP_SYS_ADMIN and CAP_NET_ADMIN" in result.stdout


def test_every_worker_has_names_addresses_and_ports_of_its_own(suite: Suite, pytester: pytest.Pytester) -> None:
    result = suite(
        "sandbox/workers",
        *("-n", "2", "--netns-mode=auto"),
    )
    result.assert_outcomes(passed=2)


def test_a_run_without_netns_tests_imports_nothing_heavy(suite: Suite) -> None:
    result = suite("sandbox/imports")
    result.assert_outcomes(passed=1)
