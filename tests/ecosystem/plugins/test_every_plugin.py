"""The base suite passes under every plugin of the table in docs/plugins.md, and under all of them at once."""

from __future__ import annotations

import pytest

from tests.ecosystem.plugins.conftest import Beside
from tests.ecosystem.plugins.rows import ROWS, Row

pytestmark = pytest.mark.as_user

TESTS = 10  # of the base suite
RUNS = [
    pytest.param(row, variant, id=" ".join([name, *variant]).replace("/", "|"))
    for name, row in ROWS.items()
    for variant in row.variants
]


@pytest.mark.parametrize(("row", "variant"), RUNS)
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


@pytest.mark.parametrize("arguments", [(), ("-n2", "--dist=loadfile")], ids=["one process", "xdist"])
def test_the_base_suite_passes_under_all_plugins_of_the_environment(
    beside: Beside, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    beside.write("base", ini=ROWS["pytest-asyncio"].ini)
    beside.run(*arguments).assert_outcomes(passed=TESTS)
