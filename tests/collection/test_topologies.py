"""The choice of topologies: on the command line, in the ini file, in a marker, or by a file beside the ini file."""

from __future__ import annotations

import re

import pytest

from tests.support.suites import Suite, source

SHOP = '[namespaces]\nshop = "203.0.113.2/24"\n'


def test_several_topologies_run_every_netns_test_over_each(suite: Suite) -> None:
    result = suite("topologies/origin", "-v", "--netns-topology=red-blue,dual-stack,nat")
    result.assert_outcomes(passed=4)
    for name in ("red-blue", "dual-stack", "nat"):
        result.stdout.fnmatch_lines([f"*::test_origin?{name}? PASSED*"])


@pytest.mark.parametrize("arguments", [("-n", "2", "--netns-mode=auto"), ("--netns-mode=rootless",)])
def test_several_topologies_with_workers_and_without_root(suite: Suite, arguments: tuple[str, ...]) -> None:
    suite("topologies/origin", "--netns-topology=red-blue,dual-stack,nat", *arguments).assert_outcomes(passed=4)


def test_each_network_and_server_is_made_once_whatever_the_order(suite: Suite) -> None:
    result = suite(
        "topologies/made_once",
        "--netns-topology=red-blue,nat",
        "-s",
        conftest="topologies/by_number_conftest",
    )
    result.assert_outcomes(passed=6)
    order = re.findall(r"(\d) (red-blue|nat)$", result.stdout.str(), re.MULTILINE)
    assert order == [(str(number), name) for number in range(3) for name in ("nat", "red-blue")]


def test_a_test_is_skipped_over_a_topology_that_lacks_its_namespace(suite: Suite) -> None:
    result = suite(
        "topologies/lacking_name",
        "-rs",
        "--netns-topology=red-blue,nat",
    )
    result.assert_outcomes(passed=3, skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED*not applicable: topology red-blue has no namespace db, only red, blue"])


def test_a_name_that_no_topology_has_is_a_collection_error(suite: Suite) -> None:
    result = suite(
        "topologies/unknown_name",
        "--netns-topology=red-blue,cluster",
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "there is no namespace 'gren'",
            "  where: @pytest.mark.netns of test_inner.py::test_it",
            "  tried: topology red-blue (preset red-blue) has red, blue, global",
            "  tried: topology cluster (preset cluster) has red, blue, green, router, global",
            "  do: write 'green'",
        ],
        consecutive=True,
    )
    result.stdout.no_fnmatch_line("*During handling*")


def test_a_topology_file_beside_the_ini_file_is_used_without_a_setting(
    suite: Suite, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXPECTED_TOPOLOGY", "netns-topology")
    pytester.makeini("[pytest]\n")
    (pytester.path / "netns-topology.toml").write_text(SHOP)
    result = suite("topologies/shop")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([f"netns: topology={pytester.path}/netns-topology.toml (found in {pytester.path})"])


def test_a_path_in_the_ini_file_is_relative_to_the_ini_file(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXPECTED_TOPOLOGY", "shop")
    pytester.makeini("[pytest]\nnetns_topology = conf/shop.toml\n")
    for folder in ("conf", "tests"):
        pytester.mkdir(folder)
    (pytester.path / "conf" / "shop.toml").write_text(SHOP)
    (pytester.path / "tests" / "test_it.py").write_text(source("topologies/shop"))
    monkeypatch.chdir(pytester.path / "tests")
    pytester.runpytest_subprocess("-p", "no:asyncio", "-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_the_nearest_of_marker_command_line_environment_and_ini_wins(
    suite: Suite, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makeini("[pytest]\nnetns_topology = nat\n")
    text = "def test_it(netns_topology): assert netns_topology.name == 'NAME'"
    suite(text.replace("NAME", "nat")).assert_outcomes(passed=1)
    monkeypatch.setenv("NETNS_TOPOLOGY", "cluster")
    suite(text.replace("NAME", "cluster")).assert_outcomes(passed=1)
    suite(text.replace("NAME", "isolated"), "--netns-topology", "isolated").assert_outcomes(passed=1)
    marked = f"import pytest\n@pytest.mark.netns(topology='red-blue')\n{text}"
    suite(marked.replace("NAME", "red-blue"), "--netns-topology=isolated").assert_outcomes(passed=1)


def test_a_path_in_a_marker_is_relative_to_the_test_file(suite: Suite, pytester: pytest.Pytester) -> None:
    (pytester.path / "shop.toml").write_text(SHOP)
    result = suite(
        "topologies/file_beside",
        "-v",
    )
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*further_topology?shop? PASSED*", "*nearest_topology?bridge? PASSED*"])


@pytest.mark.parametrize(
    ("marker", "told"),
    [
        (
            "topology=1",
            ["netns() takes text for topology=, got 1", "  where: @pytest.mark.netns of test_inner.py::test_it"],
        ),
        (
            "topology='red-blu'",
            [
                "there is no topology 'red-blu'",
                "  where: red-blu, for @pytest.mark.netns of test_inner.py::test_it",
            ],
        ),
        (
            "'db', topology='red-blue'",
            ["there is no namespace 'db'", "  where: @pytest.mark.netns of test_inner.py::test_it"],
        ),
    ],
)
def test_a_marker_with_a_wrong_topology_is_a_collection_error(suite: Suite, marker: str, told: list[str]) -> None:
    result = suite(f"import pytest\n@pytest.mark.netns({marker})\ndef test_it(netns): pass")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(told, consecutive=True)


def test_a_unittest_case_cannot_run_over_several_topologies(suite: Suite) -> None:
    suite("topologies/unittest_case", "--netns-topology=cluster").assert_outcomes(passed=1)
    result = suite("topologies/unittest_case", "--netns-topology=cluster,nat")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "a test that cannot be parametrized, such as a unittest.TestCase's, cannot run over cluster, nat",
            "  where: netns test test_inner.py::TestIt::test_it",
            "  do: rewrite the test as a plain function or method",
        ]
    )


def test_an_overridden_netns_topology_is_not_run_over_the_chosen_ones(suite: Suite) -> None:
    result = suite(
        "topologies/overridden",
        "--netns-topology=red-blue,nat",
    )
    result.assert_outcomes(passed=1)


def test_each_test_has_the_network_of_its_own_netns_topology(suite: Suite, as_written: tuple[str, str]) -> None:
    """Without the plugin's help, pytest would keep the network of the first module for all modules."""
    result = suite(
        "topologies/default_topology",
        *as_written,
        test_own="topologies/own_topology",
        test_z="topologies/default_topology",
    )
    result.assert_outcomes(passed=3)


def test_a_name_that_an_overridden_topology_lacks_fails_its_test_alone(suite: Suite) -> None:
    """The fixtures that could not be set up for it are set up for the next test."""
    result = suite(
        "topologies/overridden_lacks",
        conftest="topologies/overridden_lacks_conftest",
    )
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*there is no namespace 'red'", "*has shop, global"])
