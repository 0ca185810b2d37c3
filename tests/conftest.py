"""What the tests share: inner suites see the cache of whoever runs the outer one."""

from __future__ import annotations

import gc
import os
from collections.abc import Generator, Iterator
from importlib.util import find_spec

import hypothesis
import pytest

from pytest_netns_mysql import settings
from tests.support.suites import Suite, source

pytest_plugins = ["pytester"]

# A loaded machine is no failure, and no examples are left in the folder that the tests run in.
hypothesis.settings.register_profile("here", deadline=None, database=None)
hypothesis.settings.load_profile("here")

# This file needs the tools of the lint environment, as soon as it is collected.
collect_ignore = [] if find_spec("ruamel") and find_spec("tox") else ["test_ci_examples.py"]

# The environment "ecosystem" of tox has these packages, and runs that folder alone.
if not find_spec("pytest_randomly"):
    collect_ignore.append("ecosystem")

# Inner runs load us and xdist as any project does. The other plugins of this environment would take twice the time of
# most of these runs; a test of one of them loads it by -p.
_WITHOUT_OTHERS = " ".join(f"-p no:{name}" for name in ("anyio", "asyncio", "html", "hypothesispytest", "metadata"))

# Now: the tests set it for what they start. CI has what the tests need, so that there nothing is skipped.
IN_CI = bool(os.environ.get("CI"))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Turn the garbage collector off while thousands of tests are collected, in each worker of xdist.

    What was collected is not frozen: hypothesis asks the collector who refers to an object of its own, and frozen
    objects are not asked.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that run suites of their own, before ``-m`` selects: each takes a second or several."""
    for item in items:
        if "pytester" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.inner)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what this user cannot do; in CI each user leaves out what is the other's, and what is left must run."""
    for marker, is_met in (("root", os.geteuid() == 0), ("ordinary_user", os.geteuid() != 0)):
        if item.get_closest_marker(marker) is not None and not is_met:
            reason = f"it is for {marker.replace('_', ' ')}: pytest -m 'not {marker}'"
            if IN_CI:
                pytest.fail(reason, pytrace=False)
            pytest.skip(reason)


@pytest.fixture(scope="session", autouse=True)
def _same_cache() -> Iterator[None]:
    """Pytester gives inner runs a HOME of their own, where nothing has been fetched.

    NETNS_CACHE would do, but any netns setting has the user namespace entered early, which is what some tests test.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(settings.resolve().cache.parent))
        patch.setenv("CI", "true")  # no server that is up by chance is taken
        patch.delenv("GITHUB_STEP_SUMMARY", raising=False)  # inner suites would write their failures to it
        patch.setenv("PYTEST_ADDOPTS", _WITHOUT_OTHERS)
        yield


@pytest.fixture
def pytester(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """The fixture of pytest, whose inner runs load no plugin that they do not name; it unsets PYTEST_ADDOPTS."""
    monkeypatch.setenv("PYTEST_ADDOPTS", _WITHOUT_OTHERS)
    return pytester


@pytest.fixture
def is_root() -> bool:
    """Tell whether the sandbox is direct here, and comes home; otherwise it is rootless, and does not."""
    return os.geteuid() == 0


@pytest.fixture
def as_written(pytester: pytest.Pytester) -> tuple[str, str]:
    """Arguments that keep the order in which an inner suite's tests are written, whatever the plugin orders."""
    pytester.makepyfile(as_written=source("order/as_written"))
    return "-p", "as_written"


@pytest.fixture
def suite(pytester: pytest.Pytester) -> Suite:
    """A runner of inner suites."""
    return Suite(pytester)
