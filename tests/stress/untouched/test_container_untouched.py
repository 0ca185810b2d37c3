"""A run whose server is in a container leaves the machine as it was; in the long form alone, as an image takes long."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.stress.untouched import ownmachine
from tests.stress.untouched.commandlines import NETNS_MYSQL, environment, pytest_on
from tests.support.stress import check
from tests.support.suites import source

pytestmark = [pytest.mark.as_user, pytest.mark.slow, pytest.mark.root]

AREA = "The host is untouched"
SHARED_MEMORY = Path("/dev/shm")


def test_a_run_in_a_container_changes_nothing_of_the_machine(tmp_path: Path) -> None:
    (tmp_path / "test_everything.py").write_text(source("host_untouched/everything"))
    image = f"netns-untouched-{os.getpid()}:latest"
    before = set(SHARED_MEMORY.iterdir())
    subprocess.run([NETNS_MYSQL, "image", image], check=True)
    try:
        command = pytest_on("test_everything.py", "-k", "marked or host or capture", f"--netns-mysqld=docker://{image}")
        # The engine is a process of this machine, and must see what the run makes for it, in the cache too.
        faults = ownmachine.run([command], tmp_path, environment(tmp_path, str(SHARED_MEMORY), "/run", "/root"))
    finally:
        subprocess.run(["docker", "rmi", "--force", image], check=True)
    left = [str(path) for path in set(SHARED_MEMORY.iterdir()) - before if path.name.startswith("pytest-netns-mysql-")]
    claim = "runs with a server in a container leave the machine as it was"
    check(AREA, claim, 1, [*faults, *left])
