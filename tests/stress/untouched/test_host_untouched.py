"""A run leaves the machine as it was: its settings, its network, its mounts, and the files outside of the cache."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from pytest_netns_mysql import settings
from tests.stress.untouched import ownmachine
from tests.support.stress import check, scaled
from tests.support.suites import source

pytestmark = [pytest.mark.as_user, pytest.mark.slow]

ROOT = Path(__file__).parents[3]
AREA = "The host is untouched"


def environment(folder: Path) -> dict[str, str]:
    """Return the environment of commands on a machine of its own."""
    home = Path("/root") if os.geteuid() == 0 else folder / "home"
    home.mkdir(exist_ok=True)
    kept = {str(ROOT), sys.prefix, sys.base_prefix, str(folder), str(settings.resolve().cache.parent)}
    return {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "XDG_CACHE_HOME": str(settings.resolve().cache.parent),
        "KEPT": os.pathsep.join(kept),
        "MARKS": str(folder),
        "CI": "true",
    }


def test_a_run_changes_nothing_of_the_machine(tmp_path: Path) -> None:
    (tmp_path / "test_everything.py").write_text(source("host_untouched/everything"))
    netns = str(Path(sys.executable).with_name("netns-mysql"))
    pytest_ = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "test_everything.py"]
    commands = [
        [*pytest_, "--netns-report=report.html", "--netns-capture=all"],
        *[[*pytest_, "-n2", "-k", "not on_the_host"]] * scaled(0, 1),
        [netns, "run", "--netns", "red", "--", "true"],
        [netns, "up"],
        [netns, "down"],
    ]
    faults = ownmachine.run(commands, tmp_path, environment(tmp_path))
    check(AREA, "settings, network, mounts and files of the machine are the same during a run and after it", 1, faults)
