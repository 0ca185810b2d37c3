"""The bare option: what `pytest --netns-topology` shows, and that it runs nothing and swallows no path."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.suites import Suite

SHOP = '[namespaces]\nshop = "203.0.113.2/24"\n'


def test_the_bare_option_shows_the_topology_and_which_tests_run_where_and_runs_nothing(suite: Suite) -> None:
    result = suite("overview/two_places", "--netns-topology")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(
        [
            "topology red-blue (preset red-blue), forwarding on",
            "red <=> global <=> blue",
            "red     vpeer-red 192.0.2.2/24, default via 192.0.2.1",
            "red     192.0.2.2/red, port 3306",
            "tests over red-blue",
            "red     test_inner.py::test_marked?red?",
            "blue    test_inner.py::test_marked?blue?",
            "global  test_inner.py::test_global",
            "1 other test, on the host's network",
        ]
    )
    result.stdout.no_fnmatch_line("*AssertionError*")


@pytest.mark.parametrize("arguments", [("tests",), ("tests/",), ("tests/test_it.py",), ("-n", "2", "tests")])
def test_the_bare_option_never_swallows_a_path(pytester: pytest.Pytester, arguments: tuple[str, ...]) -> None:
    pytester.mkdir("tests")
    (pytester.path / "tests" / "test_it.py").write_text("def test_it(netns): raise AssertionError\n")
    (pytester.path / "test_elsewhere.py").write_text("def test_elsewhere(netns): raise AssertionError\n")
    result = pytester.runpytest_subprocess("-p", "no:asyncio", "--netns-topology", *arguments)
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["collected 1 item", "tests over red-blue", "global  tests/test_it.py::test_it"])


def test_the_bare_option_shows_the_topology_of_addopts(suite: Suite, pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\naddopts = --netns-topology=nat\n")
    result = suite("overview/two_places", "--netns-topology")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["topology nat (preset nat), forwarding on", "tests over nat"])


def test_the_next_argument_is_the_value_of_the_option(
    suite: Suite, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXPECTED_TOPOLOGY", "shop")
    (pytester.path / "shop.toml").write_text(SHOP)
    suite("topologies/shop", "--netns-topology", "shop.toml").assert_outcomes(passed=1)


def test_the_overview_has_topologies_of_markers_and_skipped_tests(suite: Suite, tmp_path: Path) -> None:
    result = suite(
        "overview/markers",
        "--netns-topology",
    )
    result.stdout.fnmatch_lines(
        [
            "tests over red-blue: none",
            "topology isolated (preset isolated), forwarding off",
            "tests over isolated",
            "blue  test_inner.py::test_pinned?isolated?",
            "tests over bridge",
            "blue  test_inner.py::test_pinned?bridge?  (not applicable: topology bridge has no namespace blue, *)",
            "tests over an overridden netns_topology, which is known only when the fixture has run",
            "global  test_inner.py::TestOwn::test_own",
        ]
    )


def test_the_overview_of_a_wrong_topology_lists_all_faults(suite: Suite, pytester: pytest.Pytester) -> None:
    (pytester.path / "shop.toml").write_text('[namespaces]\nred = "192.0.2.2"\nblue = "198.51.100.0/24"\n')
    result = suite("overview/two_places", "--netns-topology=shop.toml")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [
            "ERROR: the topology has 2 faults",
            f"  where: {pytester.path}/shop.toml",
            "  1. 192.0.2.2 has no prefix length",
            "  2. 198.51.100.0/24 is the address of the network itself or its broadcast address, "
            "which no host can have",
        ]
    )
