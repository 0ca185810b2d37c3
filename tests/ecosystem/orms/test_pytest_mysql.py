"""pytest-mysql side by side with us: each of both has a server of its own."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from pytest_netns_mysql import settings
from pytest_netns_mysql.mysql.kinds import local
from tests.support.suites import Suite

pytestmark = pytest.mark.as_user

# As docs/howto/from-pytest-mysql.md has it.
_MYSQLD = """\
#!/bin/sh
# mysqld wants --user where root starts it, has no --skip-syslog, and looks for a folder of its package.
for argument; do shift; [ "$argument" = --skip-syslog ] || set -- "$@" "$argument"; done
exec {mysqld} --user="$(id -un)" --secure-file-priv= "$@"
"""


@pytest.fixture
def ini(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> str:
    """Settings of pytest-mysql for the server of this run."""
    monkeypatch.setenv("HOST_NETWORK", str(Path("/proc/thread-self/ns/net").stat().st_ino))
    server = local.find("auto", cache=settings.resolve().cache, progress=print)
    script = pytester.path / "mysqld"
    script.write_text(_MYSQLD.format(mysqld=server.mysqld))
    script.chmod(0o755)
    return f"""
        [pytest]
        mysql_mysqld = {script}
        mysql_mysqld_safe = {script}
        mysql_admin = {server.program("mysqladmin")}
        mysql_params = --mysqlx=OFF --skip-log-bin
    """


def test_both_in_one_suite(suite: Suite, pytester: pytest.Pytester, ini: str) -> None:
    pytester.makeini(ini)
    # pytest-mysql uses an old name of an option of PyMySQL.
    quiet = "-W", "ignore:'passwd' is deprecated:DeprecationWarning"
    # The path of its socket must be short, see unix(7).
    with tempfile.TemporaryDirectory() as folder:
        options = "-p", "netns_mysql", "-p", "pytest_mysql", f"--basetemp={folder}/t", *quiet
        suite("orms/pytest_mysql", *options).assert_outcomes(passed=4)
