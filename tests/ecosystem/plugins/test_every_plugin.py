"""The base suite passes under every plugin of the table in docs/howto/plugins.md, and under all of them at once."""

from __future__ import annotations

import pytest

from tests.ecosystem.plugins.conftest import WITH, WITHOUT, Beside, each_setting
from tests.ecosystem.plugins.rows import ROWS, Row

pytestmark = pytest.mark.as_user

TESTS = 10  # of the base suite
# With and without a setting for each row, its other variants without.
RUNS = [
    pytest.param(setting, row, variant, id=", ".join([" ".join([name, *variant]).replace("/", "|"), setting]))
    for name, row in ROWS.items()
    for number, variant in enumerate(row.variants)
    for setting in ([WITHOUT] if number else [WITH, WITHOUT])
]


@pytest.mark.parametrize(("beside", "row", "variant"), RUNS, indirect=["beside"])
def test_the_base_suite_passes(
    beside: Beside,
    row: Row,
    variant: tuple[str, ...],
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if row.is_pytest8:
        monkeypatch.setenv("PYTHONPATH", str(request.getfixturevalue("pytest8")), prepend=":")
    beside.write("base", ini=row.ini)
    beside.run(*variant, plugins=row.plugins).assert_outcomes(passed=TESTS * row.times)


@each_setting
@pytest.mark.parametrize("arguments", [(), ("-n2", "--dist=loadfile")], ids=["one process", "xdist"])
def test_the_base_suite_passes_under_all_plugins_of_the_environment(
    beside: Beside, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    beside.write("base", ini=ROWS["pytest-asyncio"].ini)
    beside.run(*arguments).assert_outcomes(passed=TESTS)
