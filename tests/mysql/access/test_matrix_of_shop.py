"""The matrix of logins against the server's answers, over the presets that the docs show."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.suites import Suite

pytestmark = [pytest.mark.slow, pytest.mark.as_user]

SHOP = Path(__file__).parents[3] / "examples" / "access" / "shop.sql"


@pytest.mark.parametrize("server", ["auto", "mariadb"])
@pytest.mark.parametrize("topology", ["nat", "dual-stack"])
def test_each_cell_is_what_the_server_answers(
    suite: Suite, monkeypatch: pytest.MonkeyPatch, server: str, topology: str
) -> None:
    monkeypatch.setenv("SHOP", str(SHOP))
    result = suite("access/matrix", f"--netns-mysqld={server}", f"--netns-topology={topology}")
    result.assert_outcomes(passed=5)
