"""Without root, netns tests come last, whoever reorders tests and however xdist spreads them."""

from __future__ import annotations

import pytest

from tests.support.suites import Suite, source

pytestmark = pytest.mark.as_user

TOLD = (
    "netns: without root, netns tests run after all others; the order that a plugin or an option gave is kept "
    "among the netns tests, and among the others"
)


@pytest.fixture
def files(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five files of plain and of netns tests, and the host's network in the environment."""
    monkeypatch.setenv("HOST_NETWORK", str(pytester.path.joinpath("/proc/thread-self/ns/net").stat().st_ino))
    for name, text in {"a": "netns", "b": "plain", "c": "mixed", "d": "netns", "e": "plain"}.items():
        pytester.makepyfile(**{f"test_{name}": source(f"order/{text}")})


@pytest.mark.parametrize("dist", ["load", "worksteal", "loadscope", "loadfile", "loadgroup"])
@pytest.mark.parametrize("mode", ["rootless", "auto"])
def test_xdist_gives_no_worker_a_plain_test_after_a_netns_test(
    pytester: pytest.Pytester, files: None, dist: str, mode: str
) -> None:
    result = pytester.runpytest_subprocess("-n2", f"--dist={dist}", f"--netns-mode={mode}", "-p", "no:asyncio")
    result.assert_outcomes(passed=28)


def test_a_loadgroup_with_plain_and_netns_tests_is_split(pytester: pytest.Pytester, files: None) -> None:
    text = source("order/mixed") + '\n\npytestmark = pytest.mark.xdist_group("one")\n'
    pytester.makepyfile(test_f=text, test_g=text)
    result = pytester.runpytest_subprocess(
        "-n2", "--dist=loadgroup", "--netns-mode=rootless", "-p", "no:asyncio", "test_f.py", "test_g.py"
    )
    result.assert_outcomes(passed=20)


def test_failed_first_and_new_first_make_no_plain_test_fail(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile(test_order=source("order/failing_netns"))
    options = "-p", "no:asyncio", "--netns-mode=rootless", "-v"
    with monkeypatch.context() as patch:
        patch.setenv("FAIL", "yes")
        pytester.runpytest_subprocess(*options).assert_outcomes(passed=2, failed=1)
    result = pytester.runpytest_subprocess(*options, "--failed-first")
    result.assert_outcomes(passed=3)
    assert result.stdout.lines.count(TOLD) == 1
    assert "netns tests run after all others" not in pytester.runpytest_subprocess(*options).stdout.str()
    pytester.makepyfile(test_z='import pytest\n@pytest.mark.netns("red")\ndef test_new(netns): pass\n')
    pytester.runpytest_subprocess(*options, "--new-first").assert_outcomes(passed=4)


@pytest.mark.parametrize("when", ["tryfirst", "trylast", "wrapper=True, tryfirst"])
def test_a_plugin_that_reorders_makes_no_plain_test_fail(
    pytester: pytest.Pytester, suite: Suite, when: str, is_root: bool
) -> None:
    """As pytest-order, pytest-randomly and conftests do; as root its order is kept."""
    pytester.makepyfile(
        reversing=f"""
        import pytest

        @pytest.hookimpl({when}=True)
        def pytest_collection_modifyitems(items):
            {"yield" if "wrapper" in when else ""}
            items.reverse()
        """
    )

    def order(mode: str) -> list[str]:
        result = suite("order/failing_netns", "-p", "reversing", "-v", f"--netns-mode={mode}")
        result.assert_outcomes(passed=3)
        assert result.stdout.lines.count(TOLD) == (mode == "rootless" or not is_root)
        return [line.split("::")[1].split()[0] for line in result.stdout.lines if "PASSED" in line]

    assert order("rootless") == ["test_last", "test_first", "test_netns"]
    assert order("auto") == (
        ["test_last", "test_netns", "test_first"] if is_root else ["test_last", "test_first", "test_netns"]
    )
