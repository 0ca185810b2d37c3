"""The command line where something is missing: a reader, a directory, a program, /proc."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pytest_netns_mysql import cli

COMMAND = [sys.executable, "-m", "pytest_netns_mysql.cli"]


@pytest.mark.parametrize(
    "arguments", [["show"], ["show", "--format", "svg"], ["--help"], ["matrix"], ["ls"], ["doctor"]]
)
def test_a_closed_pipe_is_no_error(arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    result = subprocess.run([*COMMAND, *arguments], stdout=writing, stderr=subprocess.PIPE, text=True)
    os.close(writing)
    assert result.stderr == ""
    # Python 3.13's argparse forgives what keeps it from writing its help.
    assert result.returncode in (128 + signal.SIGPIPE, *([0] if arguments == ["--help"] else []))


def test_a_command_that_is_run_ends_at_a_closed_pipe_as_it_would_by_itself() -> None:
    result = subprocess.run([*COMMAND, "run", "--", "sh", "-c", "yes | head -1"], capture_output=True, text=True)
    assert (result.stdout, result.stderr) == ("y\n", "")


def test_a_full_disk_is_an_error() -> None:
    with Path("/dev/full").open("w") as full:
        result = subprocess.run([*COMMAND, "show"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert result.returncode == 1
    assert result.stderr == "netns-mysql: cannot write the output: No space left on device\n"


def test_an_interrupt_ends_quietly() -> None:
    code = (
        "import sys, time; from pytest_netns_mysql import cli\n"
        "from pytest_netns_mysql.commands import standingservers\n"
        "def ls():\n    print('here', flush=True); time.sleep(60)\n"
        "standingservers.ls = ls\n"
        "sys.exit(cli.main(['ls']))"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "here\n"
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (130, "")


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["show"], 0, ""),
        (["run", "--", "true"], 0, ""),
        (["show", "shop.toml"], 1, "netns-mysql: the working directory does not exist any more\n"),
        (["matrix"], 1, "netns-mysql: the working directory does not exist any more\n"),
    ],
)
def test_commands_work_in_a_removed_working_directory(
    arguments: list[str], code: int, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    result = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True)
    monkeypatch.chdir(tmp_path)
    assert result.returncode == code, result.stderr
    assert result.stderr.startswith(told)
    assert "Traceback" not in result.stderr


def test_a_command_that_cannot_be_executed_is_an_error_before_a_sandbox_is_made(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("#!/no/such/interpreter\n")
    script.chmod(0o755)
    result = subprocess.run([*COMMAND, "run", "--", "nosuch"], capture_output=True, text=True)
    assert result.returncode == 127
    assert result.stderr == (
        "netns-mysql: nosuch: No such file or directory\n"
        "  do: correct the name, install the program, or write its path\n"
    )
    result = subprocess.run([*COMMAND, "run", "--", str(script)], capture_output=True, text=True)
    assert result.returncode == 127
    assert result.stderr.endswith("\n  do: correct the interpreter in the first line of the file\n")
    result = subprocess.run([*COMMAND, "run", "--netns", "rad", "--", "true"], capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stderr == (
        "netns-mysql: there is no namespace 'rad'\n  where: netns-mysql run --netns\n"
        "  tried: topology red-blue (preset red-blue) has red, blue, global\n  do: write 'red'\n"
    )


def test_no_command_has_an_option_that_does_nothing() -> None:
    action = next(one for one in cli.parser_of()._actions if isinstance(one, argparse._SubParsersAction))
    options = {
        name: {word for one in parser._actions for word in one.option_strings if word.startswith("--")} - {"--help"}
        for name, parser in action.choices.items()
    }
    assert options == {
        "doctor": {"--mode", "--cache", "--json"},
        "fetch": {"--cache"},
        "image": {"--cache"},
        "show": {"--format"},
        "matrix": {"--topology", "--mysqld", "--shards", "--format"},
        "access": {"--mode", "--cache", "--topology", "--mysqld", "--user", "--format"},
        "up": {"--mode", "--cache", "--topology", "--mysqld"},
        "ps": {"--json"},
        "shell": {"--pid"},
        "ls": {"--json"},
        "cache": {"--json", "--cache"},
        "down": set(),
        "run": {"--mode", "--cache", "--topology", "--netns", "--mysqld"},
    }


def test_doctor_names_each_remedy_once_and_never_itself(tmp_path: Path) -> None:
    """Every probe fails in the same way where the mode needs what an ordinary user has not got."""
    unable = [] if os.geteuid() else ["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin"]
    command = [*unable, *COMMAND, "doctor", "--mode", "direct", "--cache", str(tmp_path)]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 1
    remedies = [line.strip() for line in result.stdout.splitlines() if line.strip().startswith("do: ")]
    assert "do: use netns_mode = auto" in remedies
    assert len(remedies) == len(set(remedies))
    assert "netns-mysql doctor" not in result.stdout


def test_the_marker_is_shown_with_all_that_it_takes() -> None:
    command = [sys.executable, "-m", "pytest", "--markers"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "@pytest.mark.netns(*names, topology=None): run the test once in each of these network namespaces" in shown


@pytest.mark.root
def test_without_proc_a_single_error_is_printed(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("def test_it(netns): pass\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    unshare = shutil.which("unshare")
    assert unshare is not None
    told = "/proc is not mounted here, and namespaces are entered by its files\n"
    run = f"{sys.executable} -m pytest_netns_mysql.cli run -- true"
    doctor = f"{sys.executable} -m pytest_netns_mysql.cli doctor"
    test = f"{sys.executable} -m pytest -q -p no:asyncio -p no:cacheprovider {tmp_path}"
    for command, code, start in (
        (run, 1, f"netns-mysql: {told}"),
        (doctor, 1, "ok       kernel"),
        (test, 4, f"ERROR: {told}"),
        (f"{test} --netns-mode=rootless", 4, f"ERROR: {told}"),
        (f"{test} --netns-unavailable=skip", 0, ""),
    ):
        script = f"umount -l /proc && exec {command}"
        result = subprocess.run([unshare, "--mount", "sh", "-c", script], capture_output=True, text=True, cwd=tmp_path)
        said = result.stdout + result.stderr
        assert result.returncode == code, said
        assert start in said
        assert not re.search(r"Traceback|INTERNALERROR", said), said


@pytest.mark.as_user
@pytest.mark.ordinary_user
@pytest.mark.parametrize("words", [["run", "--", "true"], ["cache"], ["ls"], ["ps"], ["doctor"]], ids=" ".join)
def test_a_home_that_is_closed_to_this_user_is_no_traceback(tmp_path: Path, words: list[str]) -> None:
    """As under `sudo -u` with root's HOME."""
    home = tmp_path / "home"
    home.mkdir(mode=0o000)
    environment = {name: value for name, value in os.environ.items() if name != "XDG_CACHE_HOME"} | {"HOME": str(home)}
    result = subprocess.run([*COMMAND, *words], env=environment, capture_output=True, text=True, check=False)
    assert "Traceback" not in result.stderr
    assert result.returncode == 0 or "do: " in result.stdout + result.stderr
