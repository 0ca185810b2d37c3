"""Many tests that do to their namespaces whatever a test may do, at random: each stands where its marker says.

``RANDOM_TESTS=5000 pytest tests/run/test_random_places.py`` runs more of them than the suite does.
"""

from __future__ import annotations

import os

import pytest

from tests.support.suites import Suite

pytestmark = pytest.mark.as_user

COUNT = int(os.environ.setdefault("RANDOM_TESTS", "150"))
os.environ.setdefault("RANDOM_SEED", "7")


@pytest.mark.parametrize("mode", ["auto", "rootless"])
@pytest.mark.parametrize("workers", ["0", "2"])
def test_each_test_runs_in_the_namespace_of_its_marker(suite: Suite, mode: str, workers: str) -> None:
    """The actions check the namespace after each step; what stands around them checks it before and after a test."""
    result = suite(
        "random_places/actions",
        *("-n", workers, "--dist=loadscope", f"--netns-mode={mode}", "-Wdefault", "-q"),
        conftest="random_places/conftest_actions",
    )
    result.assert_outcomes(passed=COUNT)
