"""Many tests that do to their namespaces whatever a test may do, at random: each stands where its marker says.

``RANDOM_TESTS=5000 pytest tests/run/test_random_places.py`` runs more of them than the suite does.
"""

from __future__ import annotations

import os

import pytest

from tests.support.suites import Suite

COUNT = int(os.environ.setdefault("RANDOM_TESTS", "150"))
os.environ.setdefault("RANDOM_SEED", "7")


@pytest.mark.parametrize("mode", ["auto", "rootless"])
@pytest.mark.parametrize("workers", ["0", "2"])
def test_each_test_stands_where_its_marker_says(suite: Suite, mode: str, workers: str) -> None:
    """The actions check the namespace after each step; what stands around them checks it before and after a test."""
    result = suite(
        "random_places/actions",
        *("-n", workers, "--dist=loadscope", f"--netns-mode={mode}", "-Wdefault", "-q"),
        conftest="""
            import os
            import pytest

            HOST = int(os.environ.setdefault("HOST_NETWORK", str(os.stat("/proc/thread-self/ns/net").st_ino)))

            @pytest.hookimpl(wrapper=True, tryfirst=True)
            def pytest_runtest_protocol(item, nextitem):
                is_plain = not any(item.iter_markers("netns"))
                before = os.stat("/proc/thread-self/ns/net").st_ino
                assert before == HOST or not is_plain, item
                yield
                after = os.stat("/proc/thread-self/ns/net").st_ino
                assert after in (HOST, before) or not is_plain, item
                return True
        """,
    )
    result.assert_outcomes(passed=COUNT)
