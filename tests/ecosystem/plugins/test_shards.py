"""pytest-split with the cells of `netns-mysql matrix --shards`: the jobs run each test once."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter

import pytest

from tests.support.suites import Suite

pytestmark = pytest.mark.as_user

TESTS = 10
SPLIT = ("-p", "netns_mysql", "-p", "xdist", "-p", "pytest_split.plugin")  # nothing is loaded by itself here


@pytest.mark.parametrize("more", [(), ("-n", "2"), ("--splitting-algorithm=least_duration",)], ids=" ".join)
@pytest.mark.parametrize("mode", ["auto", pytest.param("rootless", marks=pytest.mark.root)])
def test_the_shards_run_each_test_once(suite: Suite, more: tuple[str, ...], mode: str) -> None:
    """Plain tests come first in each shard, where the process cannot return to the host's network."""
    command = [sys.executable, "-m", "pytest_netns_mysql.cli", "matrix", "--shards", "3"]
    cells = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)["include"]
    suite.write("shards/mixed")
    ran: Counter[str] = Counter()
    for cell in cells:
        options = [f"--splits={cell['splits']}", f"--group={cell['group']}"]
        result = suite.run("-v", *SPLIT, *options, f"--netns-mode={mode}", *more)
        passed = re.findall(r"PASSED .*::(\S+)|::(\S+) PASSED", result.stdout.str())
        ran.update(first or second for first, second in passed)
        assert result.ret == 0, result.summary()
    assert len(ran) == ran.total() == TESTS
