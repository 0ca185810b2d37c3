"""How an ordinary user's run enters its user namespace: before threads, or by starting again where it is too late."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from pytest_netns_mysql.kernel.namespaces.privileges import in_user_namespace
from tests.support.suites import Suite, source

pytestmark = pytest.mark.as_user

Facts = dict[str, Any]

# The same for root, who is to make a sandbox as an ordinary user does.
ROOTLESS = os.geteuid() == 0
THREAD = "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True, name='eager').start()\n"


@pytest.fixture(scope="module", autouse=True)
def _outside() -> None:
    """Refuse to run where the outer run has entered a user namespace: inner runs are in it then."""
    assert ROOTLESS or not in_user_namespace(), "as an ordinary user, run these tests with --netns-mode=direct"


def force_rootless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set NETNS_MODE=rootless for inner runs of root; those of an ordinary user are rootless without it."""
    if ROOTLESS:
        monkeypatch.setenv("NETNS_MODE", "rootless")


@pytest.fixture
def run(pytester: pytest.Pytester) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a command in the inner suite's folder, with a thread that a plugin starts as it is imported."""

    def runner(*argv: str, **options: Any) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTEST_ADDOPTS": "-p eager -p no:asyncio -p no:cacheprovider -p no:randomly"}
        environment |= {"PYTHONPATH": os.pathsep.join([str(pytester.path), os.environ.get("PYTHONPATH", "")])}
        environment |= options.pop("env", {})
        return subprocess.run(argv, env=environment, capture_output=True, text=True, check=False, **options)

    pytester.makepyfile(eager=THREAD)
    return runner


def facts_of(pytester: pytest.Pytester) -> Facts:
    found: Facts = json.loads((pytester.path / "facts.json").read_text())
    return found


@pytest.mark.ordinary_user
@pytest.mark.parametrize("arguments", [(), ("-n", "2"), ("-n", "2", "--dist=loadfile")], ids=" ".join)
def test_workers_and_threads_need_no_setting(suite: Suite, arguments: Sequence[str]) -> None:
    result = suite("entry/plain_and_red", "-p", "eager", *arguments, eager=THREAD)
    result.assert_outcomes(passed=2)


@pytest.mark.ordinary_user
@pytest.mark.parametrize("conftest", ["", THREAD], ids=["no thread", "a conftest starts one"])
def test_threads_of_conftests_and_pytest_start_after_the_user_namespace_is_entered(suite: Suite, conftest: str) -> None:
    suite("entry/plain_and_red", "-o", "faulthandler_timeout=60", conftest=conftest).assert_outcomes(passed=2)


@pytest.mark.parametrize(
    "command",
    [
        ["-m", "pytest"],
        ["-mpytest"],
        ["-O", "-X", "utf8", "-m", "pytest"],
        [str(Path(sys.executable).with_name("pytest"))],
    ],
    ids=["module", "module, short", "options", "script"],
)
def test_pytest_starts_again_with_the_same_command(
    run: Callable[..., subprocess.CompletedProcess[str]],
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    command: list[str],
) -> None:
    force_rootless(monkeypatch)
    pytester.makepyfile(test_facts=source("entry/facts"))
    (pytester.path / "seven").write_text("seventh")
    # The shell becomes python: the pid is known before.
    script = 'exec 7<seven; echo $$ >pid; exec "$@"'
    result = run("sh", "-c", script, "sh", sys.executable, *command, "-s", "-q", input="piped", env={"SHOP": "open"})
    assert result.returncode == 0, result.stdout + result.stderr
    found = facts_of(pytester)
    assert found["entered"]
    assert found["pid"] == int((pytester.path / "pid").read_text())
    assert found["ids"] == [os.getuid(), os.geteuid(), os.getgid()]
    assert found["directory"] == str(pytester.path)
    assert found["argv"] == [*command, "-s", "-q"]
    assert (found["optimized"], found["utf8"]) == ((1, 1) if "-O" in command else (0, 0))
    assert (found["variable"], found["seven"], found["stdin"]) == ("open", "seventh", "piped")
    assert found["ours"] == str(found["pid"])
    four, own = 1 << 21 | 1 << 12 | 1 << 13 | 1 << 10, 1 << 18
    assert int(found["effective"], 16) == four | own
    assert int(found["ambient"], 16) == four
    assert "1 passed" in result.stdout
    assert result.stderr == ""


def test_output_from_before_the_restart_is_printed_once(
    run: Callable[..., subprocess.CompletedProcess[str]], pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    force_rootless(monkeypatch)
    pytester.makepyfile(test_inner=source("entry/plain_and_red"), eager=f"{THREAD}print('imported', flush=False)\n")
    result = run(sys.executable, "-m", "pytest", "-q")
    assert "2 passed" in result.stdout
    assert result.stdout.count("imported") == 2  # by each start


@pytest.mark.parametrize(
    ("program", "hindrance"),
    [
        ("import sys, pytest\nprint('begun')\nsys.exit(pytest.main(['-q']))\n", "was called by *program.py, and"),
        ("import sys, pytest\nprint('begun')\nsys.exit(pytest.main())\n", "was called by *program.py, and"),
    ],
    ids=["with arguments", "with those of the command line"],
)
def test_a_program_that_calls_pytest_is_not_run_twice(
    run: Callable[..., subprocess.CompletedProcess[str]],
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    program: str,
    hindrance: str,
) -> None:
    force_rootless(monkeypatch)
    pytester.makepyfile(test_inner=source("entry/plain_and_red"), program=program)
    result = run(sys.executable, "program.py")
    assert result.stdout.count("begun") == 1
    lines = result.stdout.splitlines()
    pytest.LineMatcher(lines).fnmatch_lines(
        [
            "ThreadsError: the user namespace of a rootless sandbox cannot be entered: this process has threads*",
            "  tried: unshare(CLONE_NEWUSER): * unshare: Invalid argument",
            "  tried: the kernel counts * threads: *",
            "  tried: of Python, beside the main one: eager*",
            f"  tried: to start pytest again in the user namespace: pytest.main() {hindrance} the whole program*",
            "  do: run pytest as a program, `pytest` or `python -m pytest`: pytest can then start again",
            "  do: or run `netns-mysql run -- pytest ...`, which enters before pytest starts",
        ]
    )
    assert "1 passed, 1 error" in result.stdout


def test_pytest_inside_a_test_does_not_start_the_outer_one_again(
    run: Callable[..., subprocess.CompletedProcess[str]], pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As pytester's runpytest_inprocess does, here with the outer run's own arguments."""
    if ROOTLESS:
        monkeypatch.setenv("NETNS_MODE", "direct")
    pytester.makepyfile(test_outer=source("entry/pytest_inside"))
    result = run(sys.executable, "-m", "pytest", "-q", "--netns-start=late")
    assert "1 passed" in result.stdout
    assert (pytester.path / "log").read_text() == "run run "


@pytest.mark.ordinary_user
@pytest.mark.parametrize(
    ("files", "arguments", "expected"),
    [
        ({"test_a.py": "def test_a(): pass"}, (), False),
        ({"test_a.py": "def test_a(): pass", "test_b.py": "def test_b(netns): pass"}, ("test_a.py",), False),
        ({"test_a.py": "def test_a(): pass", "test_b.py": "def test_b(netns): pass"}, ("test_b.py::test_b",), True),
        ({"test_a.py": "def test_a(): pass", "conftest.py": "# netns_mysql"}, ("test_a.py",), True),
        ({"test_a.py": "def test_a(): pass", "venv/pyvenv.cfg": "", "venv/test_b.py": "# netns"}, (), False),
        ({"test_a.py": "def test_a(): pass", "env/pyvenv.cfg": "", "env/test_b.py": "# netns"}, (), False),
        ({"test_a.py": "def test_a(): pass", "node_modules/test_b.py": "# netns"}, (), False),
        ({"src/shop.py": "# netns", "tests/test_a.py": "def test_a(): pass"}, (), False),
        ({"tests/helpers/db.py": "# netns", "tests/test_a.py": "def test_a(): pass"}, (), True),
        ({"test_a.py": "def test_a(): subnetnsx = 1"}, (), False),
        (
            {"t/test_a.py": "def test_a(): pass", "conftest.py": "pytest_plugins = ['fix']", "fix.py": "# netns"},
            ("t",),
            True,
        ),
        ({"t/test_a.py": "def test_a(): pass", "fix.py": "# pytest_netns_mysql"}, ("t", "-p", "fix"), True),
    ],
    ids=[
        *("none", "another file", "a test of a file", "conftest", "venv", "any venv", "norecursedirs", "source"),
        *("helper", "part of a word", "pytest_plugins", "-p"),
    ],
)
def test_netns_tests_are_expected_by_the_projects_files(
    pytester: pytest.Pytester,
    run: Callable[..., subprocess.CompletedProcess[str]],
    files: dict[str, str],
    arguments: tuple[str, ...],
    expected: bool,
) -> None:
    noted = """

def test_note():
    import pathlib
    pathlib.Path('map').write_text(open('/proc/self/uid_map').read())
"""
    for name, text in files.items():
        file = pytester.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + noted if "test_a" in name or "::" in "".join(arguments) else text)
    arguments = tuple(word.replace("::test_b", "::test_note") for word in arguments)
    run(
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-k",
        "note",
        *arguments,
        env={"PYTHONPATH": os.pathsep.join([".", os.environ.get("PYTHONPATH", "")])},
    )
    entered = (pytester.path / "map").read_text().split() != ["0", "0", "4294967295"]
    assert entered is expected


@pytest.mark.ordinary_user
def test_netns_tests_that_no_file_mentions_fail_with_the_threads_and_work_in_the_next_run(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(
        eager=THREAD,
        test_inner=source("entry/hidden_marker"),
    )
    arguments = sys.executable, "-mpytest", "-p", "eager", "-p", "no:asyncio", "-p", "no:randomly"
    result = pytester.run(*arguments)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "ThreadsError: the user namespace of a rootless sandbox cannot be entered*",
            "  tried: of Python, beside the main one: eager*",
            "  tried: to start pytest again in the user namespace: nothing said that this run has netns tests",
        ]
    )
    pytester.run(*arguments).assert_outcomes(passed=1)


@pytest.mark.ordinary_user
def test_who_imported_numpy_is_named(pytester: pytest.Pytester) -> None:
    """By a stand-in that starts a thread as numpy's OpenBLAS does."""
    pytester.makepyfile(
        numpy=THREAD, plots="import numpy as np\n", program="import pytest\npytest.main(['-p', 'plots'])\n"
    )
    pytester.makepyfile(test_inner=source("entry/plain_and_red"))
    result = pytester.run(sys.executable, "program.py", "-p", "no:randomly")
    result.stdout.fnmatch_lines(["  tried: numpy is imported, by plots*: its OpenBLAS starts threads*"])
