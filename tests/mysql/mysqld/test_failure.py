"""Errors of a failed start: the output of mysqld, how it ended, and the limit of the machine that it reached."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pytest_netns_mysql import settings
from pytest_netns_mysql.errors import ServerNotFoundError, ServerStartError
from pytest_netns_mysql.mysql.cache.versionline import ask
from pytest_netns_mysql.mysql.exitcodes import how_it_ended
from pytest_netns_mysql.mysql.mysqld.errorlog import ErrorLog
from pytest_netns_mysql.mysql.mysqld.failure import limits_met, lowered_connections, naming_limits, start_error
from pytest_netns_mysql.run.serverkinds import ServerKinds
from tests.support.suites import Suite


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (0, "it ended with exit code 0"),
        (3, "it ended with exit code 3"),
        (-11, "it was ended by SIGSEGV"),
        (-25, "it was ended by SIGXFSZ"),
        (-200, "it was ended by signal 200"),
    ],
)
def test_exit_codes_and_signals_are_described(code: int, told: str) -> None:
    assert how_it_ended(code) == told


@pytest.mark.parametrize(
    ("said", "cure"),
    [
        ("it was ended by SIGXFSZ", "ulimit -f unlimited"),
        ("[ERROR] [MY-012639] [InnoDB] Write failed. Operating system error number 27", "ulimit -f unlimited"),
        ("mysqld: Can't create file (OS errno 24 - Too many open files)", "ulimit -n"),
        ("libz.so.1: cannot open shared object file: Error 24", "ulimit -n"),
        ("cp: error writing 'ibdata1': No space left on device", "make room there"),
        ("[ERROR] Disk is full writing './x' (OS errno 28 - No space left on device)", "make room there"),
    ],
)
def test_messages_of_limits_have_a_remedy(said: str, cure: str) -> None:
    (remedy,) = limits_met(said)
    assert cure in remedy
    assert limits_met("all is well") == []


@pytest.mark.parametrize(
    ("said", "numbers"),
    [
        ("[Warning] [MY-010141] [Server] Changed limits: max_connections: 214 (requested 2000)", (214, 2000)),
        (
            "[Warning] Changed limits: max_open_files: 1024  max_connections: 214 (was 2000)  table_cache: 9",
            (214, 2000),
        ),
        ("[Warning] Changed limits: max_open_files: 1024  max_connections: 151 (was 151)  table_cache: 431", None),
        ("[Warning] [MY-010139] [Server] Changed limits: max_open_files: 1024 (requested 8161)", None),
    ],
)
def test_fewer_connections_than_asked_for_are_an_error(said: str, numbers: tuple[int, int] | None) -> None:
    error = lowered_connections(["mysqld"], ErrorLog(f"{said}\n"), "server shop")
    if numbers is None:
        assert error is None
        return
    allowed, wanted = numbers
    assert str(error) == (
        f"mysqld allows {allowed} connections instead of max_connections = {wanted}: it may not open enough files\n"
        f"  where: server shop\n  tried: {said}\n"
        f"  do: raise the limit on open files before pytest starts: ulimit -n {wanted + 810}\n"
        f"  do: or ask for fewer connections: max_connections = {allowed}"
    )


def test_the_output_is_shown_if_mysqld_opened_no_log() -> None:
    error = start_error("mysqld ended", ["mysqld"], ErrorLog(""), "libaio.so.1: cannot open\n\n")
    assert str(error) == (
        "mysqld ended\n  where: mysqld\n  tried: libaio.so.1: cannot open\n"
        "  do: read what mysqld printed, above: it ended before it opened the error log"
    )
    assert start_error("mysqld ended", ["mysqld"], ErrorLog(""), "").remedies == (
        "run the command line above in a shell: mysqld printed and logged nothing",
    )
    assert start_error("mysqld ended", ["mysqld"], ErrorLog("a line\n"), "").remedies == (
        "read the lines of the error log above",
    )


def test_only_errors_of_limits_become_server_start_errors() -> None:
    with pytest.raises(FileNotFoundError), naming_limits("server shop"):
        raise FileNotFoundError(2, "No such file or directory")
    told = "this process reached a limit of the machine\n  where: server shop"
    with pytest.raises(ServerStartError, match=told), naming_limits("server shop"):
        raise OSError(24, "Too many open files")


@pytest.mark.parametrize(
    ("script", "told"),
    [
        (
            r"printf '\377\376 broken\n' >&2; exit 3",
            "with --version it ended with exit code 3\n  tried: \ufffd\ufffd broken",
        ),
        (
            r"printf '\377 Ver 8.4.0\n'; kill -SEGV $$",
            "it was ended by SIGSEGV\n  tried: \ufffd Ver 8.4.0",
        ),
    ],
)
def test_a_version_line_need_not_be_utf_8(script: str, told: str, tmp_path: Path) -> None:
    program = tmp_path / "mysqld"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    with pytest.raises(ServerNotFoundError) as error:
        ask(program, [])
    assert told in str(error.value)


def _stand_in(folder: Path, script: str) -> Path:
    """Make a mysqld that makes data directories as the real one, and does something else where it is to serve."""
    kind = ServerKinds(settings.resolve(settings.environment), print).find("auto")
    program = folder / "mysqld"
    program.write_text(
        f'#!/bin/sh\ncase "$*" in *--version*|*--initialize*|*--init-file*) exec {kind.name} "$@";; esac\n{script}\n'
    )
    program.chmod(0o755)
    return program


def test_the_error_for_a_mysqld_that_opened_no_log_says_so(
    suite: Suite, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It prints what is no UTF-8; another one is ended by a signal."""
    monkeypatch.setenv("PYTHON", sys.executable)
    program = _stand_in(
        pytester.path,
        'case "$*" in *--port=3307*) exec "$PYTHON" -c "import ctypes; ctypes.string_at(0)";; '
        '*) printf "\\377 no library\\n" >&2; exit 127;; esac',
    )
    result = suite(
        f"""
        from pytest_netns_mysql import factories

        one = factories.mysqld(mysqld={str(program)!r})
        two = factories.mysqld(mysqld={str(program)!r}, options={{"port": 3307}})

        def test_one(one): pass
        def test_two(two): pass
        """,
        "-p",
        "no:randomly",
    )
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(
        [
            "ServerStartError: mysqld did not come up: it ended with exit code 127",
            "  tried: \ufffd no library",
            "  do: read what mysqld printed, above: it ended before it opened the error log",
            "ServerStartError: mysqld did not come up: it was ended by SIGSEGV",
            "  do: run the command line above in a shell: mysqld printed and logged nothing",
        ]
    )
    result.stdout.no_fnmatch_line("*read the lines of the error log above*")


def test_a_run_that_reaches_a_limit_names_the_limit(suite: Suite) -> None:
    """Too few open files for the program that copies the data, and files that may not be as large as its own."""
    result = suite("failure/limits")
    result.assert_outcomes(passed=2)
