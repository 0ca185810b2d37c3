"""A server in a container is as one of this machine: endpoints, fixtures, reports; and it ends with the run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.suites import Suite

pytestmark = [pytest.mark.as_user, pytest.mark.slow]


def test_origins_and_nothing_left(
    suite: Suite, image: str, left_of: Callable[..., list[str]], pytester: pytest.Pytester
) -> None:
    conftest = "import os, pathlib\n\npathlib.Path(__file__).with_name('pid').write_text(str(os.getpid()))"
    suite("container/origins", f"--netns-mysqld={image}", conftest=conftest).assert_outcomes(passed=3)
    assert left_of(int((pytester.path / "pid").read_text())) == []


def test_each_worker_has_its_own(suite: Suite, image: str) -> None:
    suite("container/origins", f"--netns-mysqld={image}", "-n2").assert_outcomes(passed=3)


def test_what_a_container_has(suite: Suite, image: str) -> None:
    """No network but its own loopback, no published port, CAP_SYS_ADMIN and no other capability, no root."""
    suite(
        "container/features",
        f"--netns-mysqld={image}",
    ).assert_outcomes(passed=1)


def test_restart_kill_and_what_is_said_of_it(suite: Suite, image: str) -> None:
    suite(
        "container/restart_and_kill",
        f"--netns-mysqld={image}",
    ).assert_outcomes(passed=2)


def test_a_failing_test_shows_its_error_log(suite: Suite, image: str) -> None:
    result = suite(
        "container/error_log",
        f"--netns-mysqld={image}",
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*mysqld: MySQL * at 127.0.0.1, 192.0.2.2/red, 198.51.100.2/blue, pid *",
            "logged     mysqld: *[[]Note[]] *",
        ]
    )


def test_replication_between_a_container_and_a_local_server(
    suite: Suite, image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMAGE", image)
    suite("container/replication").assert_outcomes(passed=1)


def test_the_entrypoint_gets_its_variables_and_scripts(suite: Suite, image: str, pytester: pytest.Pytester) -> None:
    scripts = pytester.mkdir("scripts")
    (scripts / "1.sql").write_text("CREATE TABLE item (name VARCHAR(20)); INSERT INTO item VALUES ('by sql');")
    (scripts / "2.sh").write_text("run shop -e \"INSERT INTO item VALUES ('by sh')\"\n")
    pytester.makeini(
        f"""
        [pytest]
        netns_mysqld = {image}
        netns_image_initdb = scripts
        netns_image_env = MYSQL_DATABASE=shop,MYSQL_USER=app,MYSQL_PASSWORD=secret,MYSQL_ROOT_PASSWORD=it's
        """
    )
    pytester.path.joinpath("more.sql").write_text("CREATE SCHEMA more; CREATE TABLE more.row (n INT PRIMARY KEY);")
    result = suite("container/entrypoint")
    result.assert_outcomes(passed=3)
    result.stdout.no_fnmatch_line("*secret*")


def test_both_in_one_run(suite: Suite, image: str) -> None:
    result = suite(
        "container/both_in_one_run",
        f"--netns-mysqld=auto,{image}",
        "-v",
        "-rs",
    )
    result.assert_outcomes(passed=4, skipped=5)
    result.stdout.re_match_lines_random(
        [
            r"test_inner\.py::test_origin\[mysql-\d+\.\d+\.\d+\] PASSED.*",
            r"test_inner\.py::test_origin\[mysql-\d+\.\d+\.\d+-docker\] PASSED.*",
            r".*not applicable: the test requires a program of this machine, and the server is mysql [\d.]+ \(docker\)",
            r".*not applicable: the test requires version 99\.1 or newer, and the server is mysql [\d.]+",
            r".*not applicable: the test requires mariadb, and the server is mysql [\d.]+",
        ]
    )
