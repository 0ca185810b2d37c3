"""The marker netns_leftovers: tests that build on each other, and what is put back when the last of them has ended."""

from __future__ import annotations

import pytest

from tests.support.suites import Suite

pytestmark = pytest.mark.slow

CLASS = """
    import pytest

    @pytest.fixture(scope="session")
    def pool(netns_mysqld):
        netns_mysqld.execute("CREATE SCHEMA IF NOT EXISTS pooled")

    def has(server, schema):
        return bool(server.execute(f"SHOW SCHEMAS LIKE '{schema}'"))

    @pytest.fixture(scope="class")
    def ground(netns_mysqld):
        netns_mysqld.execute("CREATE SCHEMA ground")
        yield
        assert not has(netns_mysqld, "walls")
        netns_mysqld.execute("DROP SCHEMA ground")

    def test_before(netns_mysqld):
        netns_mysqld.execute("CREATE SCHEMA before_it")

    @pytest.mark.netns_leftovers("keep")
    @pytest.mark.usefixtures("ground")
    class TestBuilding:
        def test_first(self, netns_mysqld, netns_mysql):
            assert not has(netns_mysqld, "before_it")
            netns_mysqld.execute("CREATE SCHEMA walls")
            netns_mysqld.execute("SET GLOBAL max_connections = 42")

        def test_second(self, netns_mysqld, netns_mysql, pool):
            assert has(netns_mysqld, "walls")
            netns_mysqld.execute("CREATE TABLE walls.t (a INT)")

        @pytest.mark.netns_leftovers("reset")
        def test_aside(self, netns_mysqld):
            assert has(netns_mysqld, "walls")
            netns_mysqld.execute("CREATE SCHEMA aside")
            netns_mysqld.execute("SET GLOBAL max_connections = 43")

        def test_that_asks_for_no_server(self, netns):
            pass

        def test_third(self, netns_mysqld, netns_account):
            netns_account("app", host="%%")
            assert not has(netns_mysqld, "aside")
            assert has(netns_mysqld, "pooled")
            assert has(netns_mysqld, "ground")
            assert netns_mysqld.execute("SELECT @@GLOBAL.max_connections") == [(42,)]
            netns_mysqld.execute("INSERT INTO walls.t VALUES (1)")

    def test_it_is_put_back_when_the_class_is_left(netns_mysqld):
        for schema in ("walls", "aside", "ground"):
            assert not has(netns_mysqld, schema)
        assert has(netns_mysqld, "pooled")
        assert netns_mysqld.execute("SELECT @@GLOBAL.max_connections") == [(151,)]
        netns_mysqld.execute("CREATE SCHEMA stray")

    @pytest.mark.netns_leftovers("keep")
    @pytest.mark.parametrize("number", [1, 2, 3])
    def test_of_several_parameters(netns_mysqld, number):
        assert has(netns_mysqld, "stray") is False
        assert netns_mysqld.execute("SHOW SCHEMAS LIKE 'number%%'") == [(f"number{one}",) for one in range(1, number)]
        netns_mysqld.execute(f"CREATE SCHEMA number{number}")

    def test_last(netns_mysqld):
        assert not has(netns_mysqld, "number1")
"""


@pytest.mark.parametrize("server", ["auto", "mariadb"])
def test_tests_of_a_class_build_on_each_other(suite: Suite, server: str, as_written: tuple[str, str]) -> None:
    result = suite(CLASS, f"--netns-mysqld={server}", "--netns-other-tests=allow", "--strict-markers", *as_written)
    result.assert_outcomes(passed=11)


def test_what_such_tests_leave_fails_none_of_them(suite: Suite, as_written: tuple[str, str]) -> None:
    result = suite(CLASS, "--netns-leftovers=fail", "--netns-other-tests=allow", *as_written)
    # test_before and the one behind the class; test_aside is marked.
    result.assert_outcomes(passed=11, errors=2)
    result.stdout.fnmatch_lines_random(
        ["  tried: mysqld: schema before_it is new", "  tried: mysqld: schema stray is new"]
    )


MODULES = {
    "test_a": """
        import pytest
        pytestmark = pytest.mark.netns_leftovers("keep")

        def test_one(netns_mysqld):
            netns_mysqld.execute("CREATE SCHEMA kept")
            netns_mysqld.execute("CREATE USER kept@'%%'")

        class TestInside:
            def test_two(self, netns_mysqld):
                assert netns_mysqld.execute("SHOW SCHEMAS LIKE 'kept'")
                netns_mysqld.connect()

        @pytest.mark.skip
        def test_skipped(netns_mysqld):
            pass
    """,
    "test_b": """
        import pytest

        @pytest.fixture(scope="module")
        def shop(netns_mysqld):
            assert not netns_mysqld.execute("SHOW SCHEMAS LIKE 'kept'")
            netns_mysqld.execute("CREATE SCHEMA shop")

        def test_it(netns_mysqld, shop):
            assert netns_mysqld.execute("SHOW SCHEMAS LIKE 'shop'")
            assert not netns_mysqld.execute("SELECT 1 FROM mysql.user WHERE User = 'kept'")
    """,
}


def test_a_module_is_left_behind_a_skipped_test(suite: Suite) -> None:
    result = suite("def test_nothing(): pass", **MODULES)
    result.assert_outcomes(passed=4, skipped=1)


KEPT_RUN = """
    import pytest

    def test_one(netns_mysqld):
        netns_mysqld.execute("CREATE SCHEMA kept")

    @pytest.mark.netns_leftovers("reset")
    def test_reset(netns_mysqld):
        netns_mysqld.execute("CREATE SCHEMA gone")

    @pytest.mark.netns_leftovers("fail")
    def test_fail(netns_mysqld):
        netns_mysqld.execute("CREATE SCHEMA failed")

    def test_last(netns_mysqld):
        assert netns_mysqld.execute("SHOW SCHEMAS LIKE 'kept'")
        assert not netns_mysqld.execute("SHOW SCHEMAS LIKE 'gone'")
        assert not netns_mysqld.execute("SHOW SCHEMAS LIKE 'failed'")
"""


def test_the_marker_is_nearer_than_the_setting(suite: Suite) -> None:
    result = suite(KEPT_RUN, "--netns-leftovers=keep")
    result.assert_outcomes(passed=4, errors=1)
    result.stdout.fnmatch_lines(["  tried: mysqld: schema failed is new"])


IN_THE_WAY = """
    import pytest

    pytestmark = pytest.mark.netns_leftovers("keep")
    KEPT = []

    def test_it_makes_the_server_read_only(netns_mysqld, netns_mysql):
        netns_mysqld.execute("SET GLOBAL read_only = ON")

    def test_it_is_still(netns_mysqld):
        assert netns_mysqld.execute("SELECT @@GLOBAL.read_only") == [(1,)]
        netns_mysqld.execute("SET GLOBAL read_only = OFF")

    def test_it_locks(netns_mysqld, netns_mysql):
        netns_mysqld.execute("CREATE TABLE global_schema.t (a INT)")
        KEPT.append(netns_mysqld.connect())
        KEPT[0].cmd_query("LOCK TABLES global_schema.t READ")

    def test_last(netns_mysqld):
        assert netns_mysqld.execute("SHOW SCHEMAS LIKE 'global_schema'")
"""


def test_a_lock_that_a_kept_test_holds_is_named(suite: Suite) -> None:
    result = suite(IN_THE_WAY)
    result.assert_outcomes(passed=4, errors=1)
    result.stdout.fnmatch_lines(
        [
            "LeftoverError: the accounts and schemas of the test could not be dropped",
            "  where: server mysqld",
            "  tried: connection * of 'root'@'localhost' holds SHARED_READ_ONLY on table global_schema.t; "
            "its last statement: LOCK TABLES global_schema.t READ",
        ]
    )


@pytest.mark.parametrize(
    ("arguments", "got"),
    [("'never'", "'never'"), ("", "nothing"), ("'keep', 'fail'", "'keep', 'fail'"), ("what='keep'", "what='keep'")],
    ids=["unknown", "none", "two", "named"],
)
def test_a_wrong_marker_is_an_error_at_collection(suite: Suite, arguments: str, got: str) -> None:
    result = suite(
        f"""
        import pytest

        @pytest.mark.netns_leftovers({arguments})
        class TestIt:
            def test_it(self, netns_mysqld):
                pass
        """
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            f"netns_leftovers takes one of reset, fail, keep, got {got}",
            "  where: @pytest.mark.netns_leftovers of test_inner.py::TestIt::test_it",
            "  do: write @pytest.mark.netns_leftovers(...) with one of 'reset', 'fail', 'keep'",
        ]
    )


GROUPED = """
    import pytest

    @pytest.mark.netns_leftovers("keep")
    class TestBuilding:
        @pytest.mark.parametrize("number", range(6))
        def test_it(self, netns_mysqld, number):
            assert len(netns_mysqld.execute("SHOW SCHEMAS LIKE 'number%%'")) == number
            netns_mysqld.execute(f"CREATE SCHEMA number{number}")

    @pytest.mark.parametrize("number", range(6))
    def test_other(netns_mysqld, number):
        assert not netns_mysqld.execute("SHOW SCHEMAS LIKE 'number%%'")
"""


def test_a_class_stays_in_one_worker_by_loadscope(suite: Suite) -> None:
    suite(GROUPED, "-n2", "--dist=loadscope").assert_outcomes(passed=12)


IN_A_GROUP = """
    import pytest

    @pytest.mark.netns_leftovers("keep")
    class TestBuilding:
        def test_it(self, netns_mysqld, request):
            group = request.node.get_closest_marker("xdist_group")
            assert group.args == ("netns_leftovers of test_inner.py::TestBuilding",)

    def test_other(netns_mysqld, request):
        assert request.node.get_closest_marker("xdist_group") is None
"""


def test_a_class_is_a_group_of_xdist(suite: Suite) -> None:
    suite(IN_A_GROUP, "-n1", "--dist=loadgroup").assert_outcomes(passed=2)


def test_pytest_shows_the_marker(suite: Suite) -> None:
    result = suite("", "--markers")
    result.stdout.fnmatch_lines(["@pytest.mark.netns_leftovers(what): *"])
