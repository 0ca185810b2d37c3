"""A run leaves the machine as it was: its settings, its network, its mounts, and the files outside of the cache."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stress.untouched import ownmachine
from tests.stress.untouched.commandlines import NETNS_MYSQL, ROOT, environment, pytest_on
from tests.support.stress import check, scaled
from tests.support.suites import source

pytestmark = [pytest.mark.as_user, pytest.mark.slow]

AREA = "The host is untouched"


def test_a_run_changes_nothing_of_the_machine(tmp_path: Path) -> None:
    (tmp_path / "test_everything.py").write_text(source("host_untouched/everything"))
    examples = [str(ROOT / f"examples/test_{name}.py") for name in ("names", "replicas", "same_address", "seed", "tls")]
    commands = [
        pytest_on("test_everything.py", "--netns-report=report.html", "--netns-capture=all"),
        *[pytest_on("test_everything.py", "-n2", "-k", "not on_the_host")] * scaled(0, 1),
        *[pytest_on("-c", str(ROOT / "examples/pytest.ini"), *examples)] * scaled(0, 1),
        *[[NETNS_MYSQL, "run", "--netns", "red", "--", "true"]] * scaled(0, 1),
        [NETNS_MYSQL, "up"],
        [NETNS_MYSQL, "down"],
    ]
    faults = ownmachine.run(commands, tmp_path, environment(tmp_path))
    claim = "runs and commands leave settings, network, mounts and files of the machine as they were"
    check(AREA, claim, len(commands), faults)
