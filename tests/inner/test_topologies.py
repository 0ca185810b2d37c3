"""Choosing topologies: one or several, from the command line, the ini file, a marker, a file that is found."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

Suite = Callable[..., pytest.RunResult]

ORIGIN = """
    import pytest

    ORIGINS = {"red-blue": "192.0.2.2", "dual-stack": "2001:db8:1::2", "nat": "172.17.0.1"}

    @pytest.mark.netns("red")
    def test_origin(netns_mysql, netns_topology):
        with netns_mysql.cursor() as cursor:
            cursor.execute("SELECT USER()")
            assert cursor.fetchone() == (f"red_user@{ORIGINS[netns_topology.name]}",)

    def test_other():
        pass
"""
WHERE = """
    import pytest

    @pytest.mark.netns("shop")
    def test_it(netns, netns_topology):
        assert netns["shop"].address == "203.0.113.2"
        assert netns_topology.name == NAME
"""
SHOP = '[namespaces]\nshop = "203.0.113.2/24"\n'


def test_several_topologies_run_every_netns_test_over_each(suite: Suite) -> None:
    result = suite(ORIGIN, "-v", "--netns-topology=red-blue,dual-stack,nat")
    result.assert_outcomes(passed=4)
    for name in ("red-blue", "dual-stack", "nat"):
        result.stdout.fnmatch_lines([f"*::test_origin?{name}? PASSED*"])


@pytest.mark.parametrize("arguments", [("-n", "2", "--netns-mode=auto"), ("--netns-mode=rootless",)])
def test_several_topologies_with_workers_and_without_root(suite: Suite, arguments: tuple[str, ...]) -> None:
    suite(ORIGIN, "--netns-topology=red-blue,dual-stack,nat", *arguments).assert_outcomes(passed=4)


def test_each_network_and_server_is_made_once_whatever_the_order(suite: Suite, pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
        import pytest

        @pytest.hookimpl(wrapper=True, tryfirst=True)
        def pytest_collection_modifyitems(items):
            yield
            items.sort(key=lambda item: (item.callspec.params["number"], item.callspec.params["netns_topology"].name))
        """
    )
    result = suite(
        """
        import pytest

        SEEN = {}

        @pytest.mark.parametrize("number", range(3))
        def test_it(number, netns_mysqld, netns, netns_topology):
            first = SEEN.setdefault(netns_topology.name, (netns_mysqld.pid, netns))
            assert first == (netns_mysqld.pid, netns)
            names = netns["global"].run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
            assert {line.split()[0] for line in names.splitlines()} == set(netns_topology.namespaces)
            print(number, netns_topology.name)
        """,
        "--netns-topology=red-blue,nat",
        "-s",
    )
    result.assert_outcomes(passed=6)
    order = re.findall(r"(\d) (red-blue|nat)$", result.stdout.str(), re.MULTILINE)
    assert order == [(str(number), name) for number in range(3) for name in ("nat", "red-blue")]


def test_a_name_that_one_topology_lacks_is_not_applicable_there(suite: Suite) -> None:
    result = suite(
        """
        import pytest

        @pytest.mark.netns("red", "db")
        def test_it(netns): pass
        """,
        "-rs",
        "--netns-topology=red-blue,nat",
    )
    result.assert_outcomes(passed=3, skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED*not applicable: topology red-blue has no namespace db, only red, blue"])


def test_a_name_that_no_topology_has_is_a_collection_error(suite: Suite) -> None:
    result = suite(
        """
        import pytest

        @pytest.mark.netns("gren")
        def test_it(): pass
        """,
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


def test_a_topology_file_beside_the_ini_file_is_found_by_itself(suite: Suite, pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\n")
    (pytester.path / "netns-topology.toml").write_text(SHOP)
    result = suite(WHERE.replace("NAME", "'netns-topology'"))
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([f"netns: topology={pytester.path}/netns-topology.toml (found in {pytester.path})"])


def test_a_file_of_the_ini_file_is_sought_from_its_folder(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nnetns_topology = conf/shop.toml\n")
    for folder in ("conf", "tests"):
        pytester.mkdir(folder)
    (pytester.path / "conf" / "shop.toml").write_text(SHOP)
    (pytester.path / "tests" / "test_it.py").write_text(
        "\n".join(line[4:] for line in WHERE.replace("NAME", "'shop'").splitlines())
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(pytester.path / "tests")
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


def test_a_markers_file_is_sought_beside_the_test(suite: Suite, pytester: pytest.Pytester) -> None:
    (pytester.path / "shop.toml").write_text(SHOP)
    result = suite(
        """
        import pytest

        pytestmark = pytest.mark.netns(topology="shop.toml")

        @pytest.mark.netns("shop")
        def test_nearer_marker_further_topology(netns):
            assert netns.here is netns["shop"]

        class TestClass:
            @pytest.mark.netns("db", topology="bridge")
            def test_nearest_topology(self, netns):
                assert netns.here is netns["db"]
        """,
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


def test_a_test_of_another_kind_runs_over_one_topology_only(suite: Suite) -> None:
    text = """
        import pytest, unittest

        class TestIt(unittest.TestCase):
            @pytest.mark.netns("red")
            def test_it(self): pass
    """
    suite(text, "--netns-topology=cluster").assert_outcomes(passed=1)
    result = suite(text, "--netns-topology=cluster,nat")
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
        """
        import pytest
        from pytest_netns_mysql.topology import Topology, load

        @pytest.fixture(scope="session")
        def netns_topology():
            return load("bridge")

        @pytest.mark.netns("db")
        def test_it(netns):
            assert netns.here is netns["db"]
        """,
        "--netns-topology=red-blue,nat",
    )
    result.assert_outcomes(passed=1)


def test_each_test_has_the_network_of_its_own_netns_topology(suite: Suite, as_written: tuple[str, str]) -> None:
    """An override in one module is followed there, and nowhere else; pytest alone would keep the first network."""
    text = """
        import pytest

        @pytest.mark.netns("NAMESPACE")
        def test_it(request, netns, netns_mysqld, netns_topology):
            assert netns.topology is netns_topology
            assert netns_topology.name == "TOPOLOGY"
            known = vars(request.config).setdefault("networks", {})
            assert known.setdefault("TOPOLOGY", (netns, netns_mysqld.pid)) == (netns, netns_mysqld.pid)
    """
    default = text.replace("NAMESPACE", "red").replace("TOPOLOGY", "red-blue")
    own = """
        from pytest_netns_mysql.topology import load

        @pytest.fixture(scope="session")
        def netns_topology():
            return load("bridge")
    """
    result = suite(
        default,
        *as_written,
        test_own=text.replace("NAMESPACE", "app").replace("TOPOLOGY", "bridge") + own,
        test_z=default,
    )
    result.assert_outcomes(passed=3)


def test_a_name_that_an_overridden_topology_lacks_fails_its_test_alone(suite: Suite) -> None:
    """The fixtures that could not be set up for it are set up for the next test."""
    result = suite(
        """
        import pytest

        @pytest.fixture
        def own(): return 1

        @pytest.fixture(scope="session")
        def wide(): return 2

        @pytest.mark.netns("red")
        def test_wrong(own, wide): pass

        @pytest.mark.netns("shop")
        def test_right(own, wide): assert own + wide == 3
        """,
        conftest="""
            import pytest
            from pytest_netns_mysql import from_mapping

            @pytest.fixture(scope="session")
            def netns_topology():
                return from_mapping({"namespaces": {"shop": "203.0.113.2/24"}})
        """,
    )
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*there is no namespace 'red'", "*has shop, global"])
