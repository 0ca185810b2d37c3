"""Every statement and every variable of MySQL and MariaDB: its effects are put back, or the server is replaced."""

from __future__ import annotations

import shutil

import pytest

from tests.support.suites import SUITES

pytestmark = [pytest.mark.slow, pytest.mark.scaled]

FOLDER = SUITES / "everything_left"


@pytest.mark.parametrize("flavor", ["mysql", "mariadb"])
@pytest.mark.parametrize(("suite", "data"), [("every_statement", "statements"), ("every_variable", "variables")])
def test_changes_are_put_back_or_the_server_is_replaced(
    pytester: pytest.Pytester, suite: str, data: str, flavor: str
) -> None:
    shutil.copy(FOLDER / f"{suite}.py", pytester.path / f"test_{suite}.py")
    shutil.copy(FOLDER / f"{data}_{flavor}.py", pytester.path / f"{data}.py")
    pytester.syspathinsert()
    choice = () if flavor == "mysql" else ("--netns-mysqld=mariadb",)
    result = pytester.runpytest_subprocess(
        "-p", "no:asyncio", "-p", "no:cacheprovider", "-p", "no:xdist", "--netns-leftovers=keep", *choice
    )
    assert result.ret == 0
    assert result.parseoutcomes().keys() == {"passed"}
