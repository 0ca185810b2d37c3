"""The netns marker: where a test runs, and what its bad arguments are told."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Suite = Callable[..., pytest.RunResult]

WHERE = """
    import fcntl, socket, struct, os
    import pytest

    def where():
        names = {name for _, name in socket.if_nameindex()}
        for place, interface in (("red", "vpeer-red"), ("blue", "vpeer-blue"), ("global", "veth-red")):
            if interface in names:
                return place
        return "host" if OUTSIDE == os.stat("/proc/thread-self/ns/net").st_ino else "sandbox"

    OUTSIDE = os.stat("/proc/thread-self/ns/net").st_ino
"""


def test_a_test_runs_where_its_nearest_marker_says(suite: Suite) -> None:
    result = suite(
        WHERE
        + """
    @pytest.mark.netns("red")
    def test_function():
        assert where() == "red"

    @pytest.mark.netns
    def test_no_name():
        assert where() == "global"

    def test_a_fixture_of_ours_is_enough(netns):
        assert where() == "global"

    @pytest.mark.netns("blue")
    class TestClass:
        def test_method(self):
            assert where() == "blue"

        @pytest.mark.netns("red")
        def test_nearer(self):
            assert where() == "red"
    """
    )
    result.assert_outcomes(passed=5)


def test_a_module_is_marked_by_pytestmark(suite: Suite) -> None:
    result = suite(WHERE + "\n    pytestmark = pytest.mark.netns('red')\n    def test_it(): assert where() == 'red'")
    result.assert_outcomes(passed=1)


def test_several_names_run_the_test_once_in_each(suite: Suite) -> None:
    result = suite(
        WHERE
        + """
    @pytest.mark.netns("red", "global", "blue")
    @pytest.mark.parametrize("number", [1, 2])
    def test_everywhere(request, number):
        assert where() in request.node.name
    """,
        "-v",
    )
    result.assert_outcomes(passed=6)
    result.stdout.fnmatch_lines_random(["*::test_everywhere?red-1? PASSED*", "*::test_everywhere?blue-2? PASSED*"])


@pytest.mark.parametrize("mode", ["auto", "rootless"])
def test_a_marker_on_one_parameter_is_not_that_of_the_others(suite: Suite, mode: str) -> None:
    result = suite(
        WHERE
        + """
    @pytest.mark.parametrize("place", ["host", pytest.param("red", marks=pytest.mark.netns("red")), "host"])
    def test_it(place, request):
        assert where() == place
        assert ("netns" in request.fixturenames) <= (place == "red")
    """,
        f"--netns-mode={mode}",
    )
    result.assert_outcomes(passed=3)


def test_several_names_on_a_class_run_each_method_in_each(suite: Suite) -> None:
    result = suite(
        WHERE
        + """
    @pytest.mark.netns("red", "blue")
    class TestBoth:
        def test_one(self, request):
            assert f"[{where()}]" in request.node.name
        def test_two(self, request):
            assert f"[{where()}]" in request.node.name
    """
    )
    result.assert_outcomes(passed=4)


def test_a_unittest_case_runs_in_its_namespace(suite: Suite) -> None:
    result = suite(
        WHERE
        + """
    import unittest
    @pytest.mark.netns("red")
    class Case(unittest.TestCase):
        def setUp(self):
            assert where() == "red"
        def tearDown(self):
            assert where() == "red"
        def test_it(self):
            assert where() == "red"
    """
    )
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize("workers", ["0", "2"])
def test_several_names_on_a_unittest_case_are_refused(suite: Suite, workers: str) -> None:
    """It fails before anything is set up for it, and the other tests run."""
    result = suite(
        """
        import unittest, pytest
        @pytest.mark.netns("red", "blue")
        class Case(unittest.TestCase):
            def test_it(self): pass
        def test_other(): pass
        """,
        "-n",
        workers,
        "--netns-mode=auto",
    )
    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines(
        [
            "a test that cannot be parametrized, such as a unittest.TestCase's, cannot run in each of red, blue",
            "  where: @pytest.mark.netns of test_inner.py::Case::test_it",
            "  do: name one namespace",
        ]
    )


def test_an_unknown_name_is_a_collection_error_that_lists_the_known_ones(suite: Suite) -> None:
    result = suite("import pytest\n@pytest.mark.netns('rad')\ndef test_it(): pass\n")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "*ERROR collecting test_inner.py*",
            "there is no namespace 'rad'",
            "  where: @pytest.mark.netns of test_inner.py::test_it",
            "  tried: topology red-blue (preset red-blue) has red, blue, global",
            "  do: write 'red'",
        ]
    )


def test_an_unknown_name_on_a_unittest_case_is_refused_too(suite: Suite) -> None:
    result = suite("""
    import unittest, pytest
    @pytest.mark.netns("green")
    class Case(unittest.TestCase):
        def test_it(self): pass
    """)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["there is no namespace 'green'", "*has red, blue, global"])


@pytest.mark.parametrize(
    ("marker", "told"),
    [
        ("netns(1)", "netns() takes namespace names, got 1"),
        ("netns(name='red')", "netns() takes names and topology=, got name="),
        ("netns('red', 'red')", "netns() has red twice"),
        ("netns(['red', 'blue'])", "netns() takes namespace names, got ['red', 'blue']"),
    ],
)
def test_other_arguments_are_collection_errors(suite: Suite, marker: str, told: str) -> None:
    result = suite(f"import pytest\n@pytest.mark.{marker}\ndef test_it(): pass\n")
    result.assert_outcomes(errors=1)
    assert told in result.stdout.lines
    result.stdout.fnmatch_lines(["  where: @pytest.mark.netns of test_inner.py::test_it", "  do: *name*"])


def test_function_fixtures_stand_inside_and_wider_ones_never_do(
    suite: Suite, is_root: bool, as_written: tuple[str, str]
) -> None:
    result = suite(
        WHERE
        + """
    seen = []

    @pytest.fixture
    def inner(request):
        seen.append(("inner", where()))
        request.addfinalizer(lambda: seen.append(("inner finalizer", where())))
        yield
        seen.append(("inner teardown", where()))

    @pytest.fixture(autouse=True)
    def automatic():
        seen.append(("automatic", where()))
        yield
        seen.append(("automatic teardown", where()))

    @pytest.fixture(scope="class")
    def wide():
        seen.append(("wide", where()))
        yield
        seen.append(("wide teardown", where()))

    @pytest.fixture(scope="class")
    def late():
        seen.append(("late", where()))
        yield
        seen.append(("late teardown", where()))

    @pytest.mark.netns("red")
    class TestRed:
        @classmethod
        def setup_class(cls): seen.append(("setup_class", where()))
        @classmethod
        def teardown_class(cls): seen.append(("teardown_class", where()))
        def setup_method(self): seen.append(("setup_method", where()))
        def teardown_method(self): seen.append(("teardown_method", where()))
        def test_it(self, inner, wide, request):
            request.getfixturevalue("late")
            request.addfinalizer(lambda: seen.append(("test finalizer", where())))
            seen.append(("test", where()))

    def test_all_was_seen():
        print(sorted(seen))
        inside = {"inner", "inner finalizer", "inner teardown", "automatic", "automatic teardown", "test",
                  "test finalizer", "setup_method", "teardown_method"}
        outside = {"wide", "wide teardown", "late", "late teardown", "setup_class", "teardown_class"}
        first = [item for item in seen if item[0] not in ("automatic",) or item[1] == "red"]
        assert {name for name, place in first if place == "red"} == inside
        assert {name for name, place in first if name in outside} == outside
        assert {place for name, place in first if name in outside} == {RESTING}
    """.replace("RESTING", repr("host" if is_root else "sandbox")),
        *([] if is_root else ["--netns-other-tests=allow", *as_written]),
    )
    result.assert_outcomes(passed=2)


def test_an_async_test_and_its_fixtures_stand_inside(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        WHERE
        + """
    import pytest_asyncio

    @pytest_asyncio.fixture
    async def inner():
        assert where() == "red"
        yield
        assert where() == "red"

    @pytest.mark.asyncio
    @pytest.mark.netns("red")
    async def test_it(inner):
        assert where() == "red"
    """
    )
    result = pytester.runpytest_subprocess("-o", "asyncio_default_fixture_loop_scope=function", "-Werror")
    result.assert_outcomes(passed=1)


def test_the_marker_is_registered(suite: Suite) -> None:
    result = suite("", "--markers")
    result.stdout.fnmatch_lines(
        ["@pytest.mark.netns(?names, topology=None): run the test in each of these network namespaces*"]
    )


def test_a_marked_test_needs_no_fixture_and_sees_what_ip_netns_shows(suite: Suite) -> None:
    result = suite("""
    import subprocess
    import pytest

    @pytest.mark.netns("red")
    def test_it():
        output = subprocess.run(["ip", "route"], capture_output=True, text=True, check=True).stdout
        assert output.splitlines()[0].split() == ["default", "via", "192.0.2.1", "dev", "vpeer-red"]
        listed = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
        assert {line.split()[0] for line in listed.splitlines()} == {"red", "blue"}
        inside = ["ip", "netns", "exec", "blue", "ip", "-o", "-4", "address", "show", "vpeer-blue"]
        assert "198.51.100.2/24" in subprocess.run(inside, capture_output=True, text=True, check=True).stdout
    """)
    result.assert_outcomes(passed=1)
