"""Every help describes its command and shows an example, and costs little; wrong usage names the cure."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from pytest_netns_mysql import cli

COMMAND = [sys.executable, "-m", "pytest_netns_mysql.cli"]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_the_help_of_a_command_says_what_it_does_with_an_example(name: str) -> None:
    result = run(name, "--help")
    assert result.returncode == 0, result.stderr
    usage, description, *_ = result.stdout.split("\n\n")
    assert usage.startswith(f"usage: netns-mysql {name} ")
    assert re.match(r"[A-Z][a-z]+ ", description)
    assert description.endswith(".")
    _, _, examples = result.stdout.partition("\nexamples:\n")
    assert examples.splitlines()
    assert all(line.startswith(f"  netns-mysql {name}") for line in examples.splitlines())
    assert all(len(line) <= 120 for line in (*description.splitlines(), *examples.splitlines()))


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_example_can_be_parsed(name: str) -> None:
    import shlex

    module = cli._module(name)
    for line in module.EXAMPLES.splitlines():
        words = shlex.split(line.partition(" > ")[0])[1:]
        kept, _ = cli._split(words) if getattr(module, "TAKES_COMMAND", False) else (words, [])
        assert cli.parser_of({name: module}).parse_args(kept).command is module.main


def test_the_overview_names_every_command_and_the_exit_codes() -> None:
    result = run("--help")
    assert result.returncode == 0
    for name, text in cli.COMMANDS.items():
        assert re.search(rf"^ +{name} +{text.split()[0]}", result.stdout, re.MULTILINE)
    assert "exit codes:\n  0    it worked\n  1    it did not, and the message says what to do\n" in result.stdout


def test_the_overview_imports_no_command() -> None:
    code = (
        "import sys; from pytest_netns_mysql import cli\n"
        "try: cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        "print(*(name for name in sys.modules if name.startswith(('pytest', 'pyroute2', 'mysql'))))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(result.stdout.splitlines()[-1].split()) == {
        "pytest_netns_mysql",
        *(
            f"pytest_netns_mysql.{name}"
            for name in ("cli", "commands", "commands.commandparser", "errors", "exports", "paths", "settings")
        ),
        *(f"pytest_netns_mysql.{name}" for name in ("settingtable", "settingvalues")),
    }


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "netns-mysql: error: a command is missing\n  do: netns-mysql --help shows what can be written here"),
        (("dokter",), "  do: write doctor\n"),
        (("fetch", "mysl"), "  do: write mysql\n"),
        (("ls", "--jsn"), "netns-mysql ls: error: unrecognized arguments: --jsn\n  do: netns-mysql ls --help shows"),
        (
            ("down", "all"),
            "netns-mysql down: error: argument PID: invalid int value: 'all'\n  do: netns-mysql down --help",
        ),
        (
            ("shell", "red", "ls"),
            "netns-mysql shell: error: unrecognized arguments: ls\n  do: write -- before the command",
        ),
    ],
)
def test_wrong_usage_names_the_cure(arguments: tuple[str, ...], told: str) -> None:
    result = run(*arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("usage: netns-mysql")
    assert told in result.stderr


def test_the_version_is_that_of_package_python_and_server() -> None:
    result = run("--version")
    assert result.returncode == 0, result.stderr
    ours, python, server = result.stdout.splitlines()
    assert re.fullmatch(r"netns-mysql (\d[\w.+]*|\(not installed\))", ours)
    assert re.fullmatch(r"Python 3\.\d+\.\d+\S*, pytest \d+\.\d+\S*", python)
    assert re.fullmatch(r"netns_mysqld = auto: (MySQL [\d.]+, /.*|not on this machine yet)", server)
