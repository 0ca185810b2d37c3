"""A run leaves the machine as it was: its settings, its network, its mounts, and the files outside of the cache."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from pytest_netns_mysql import settings
from tests.stress.untouched import ownmachine
from tests.support.stress import IS_LONG, check, scaled
from tests.support.suites import source

pytestmark = [pytest.mark.as_user, pytest.mark.slow]

ROOT = Path(__file__).parents[3]
SHARED_MEMORY = Path("/dev/shm")
NETNS_MYSQL = str(Path(sys.executable).with_name("netns-mysql"))
AREA = "The host is untouched"


def environment(folder: Path, *kept: str) -> dict[str, str]:
    """Return the environment of commands on a machine of its own, on which some folders of this machine are kept."""
    home = Path("/root") if os.geteuid() == 0 else folder / "home"
    home.mkdir(exist_ok=True)
    cache = str(settings.resolve().cache.parent)
    return {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "XDG_CACHE_HOME": cache,
        "KEPT": os.pathsep.join({str(ROOT), sys.prefix, sys.base_prefix, str(folder), cache, *kept}),
        "MARKS": str(folder),
        "CI": "true",
    }


def pytest_on(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", *arguments]


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
    claim = "runs and commands after which settings, network, mounts and files of the machine are what they were"
    check(AREA, claim, len(commands), faults)


@pytest.mark.root
@pytest.mark.skipif(not IS_LONG, reason="an image takes long to make; tests/mysql/containers has the short form")
def test_a_run_in_a_container_changes_nothing_of_the_machine(tmp_path: Path) -> None:
    (tmp_path / "test_everything.py").write_text(source("host_untouched/everything"))
    image = f"netns-untouched-{os.getpid()}:latest"
    before = set(SHARED_MEMORY.iterdir())
    commands = [
        [NETNS_MYSQL, "image", image],
        pytest_on("test_everything.py", "-k", "marked or host or capture", f"--netns-mysqld=docker://{image}"),
        ["docker", "rmi", "--force", image],
    ]
    # The engine is a process of this machine, and must see what the run makes for it.
    faults = ownmachine.run(commands, tmp_path, environment(tmp_path, str(SHARED_MEMORY), "/run"))
    left = [str(path) for path in set(SHARED_MEMORY.iterdir()) - before if path.name.startswith("pytest-netns-mysql-")]
    claim = "runs with a server in a container after which the machine is what it was"
    check(AREA, claim, 1, [*faults, *left])
