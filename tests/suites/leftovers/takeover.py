"""The account of a test is there for nobody else, though the next test may take it over."""

import contextlib

import mysql.connector
import pytest

pytestmark = pytest.mark.netns("red")
MADE = []
SERVERS = []


def ask(server, query):
    """Return the rows of a query by a session of root, of which the plugin knows nothing."""
    with server.network["global"]:
        connection = mysql.connector.connect(unix_socket=str(server.socket), user="root", use_pure=True)
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def is_there(server):
    accounts = ask(server, "SELECT User FROM mysql.user WHERE User = 'red_user'")
    schemas = ask(server, "SHOW SCHEMAS LIKE 'red\\_schema'")
    assert bool(accounts) == bool(schemas)
    return bool(accounts)


def number_made(server):
    ((_, number),) = ask(server, "SHOW GLOBAL STATUS LIKE 'Com_create_user'")
    return int(number)


@pytest.fixture
def looking(netns_mysqld):
    assert not is_there(netns_mysqld)


@pytest.fixture
def shop(netns_mysql):
    with netns_mysql.cursor() as cursor:
        cursor.execute("CREATE TABLE shop (a INT)")
    return netns_mysql


@pytest.fixture(scope="module")
def wide(netns_mysqld):
    assert not is_there(netns_mysqld)


@pytest.fixture(scope="module")
def ending(request, netns_mysqld):
    yield getattr(request, "param", None)
    assert not is_there(netns_mysqld)


@pytest.mark.parametrize("number", range(4))
def test_a_chain_of_tests(netns_mysql, tmp_path, number):
    pass


def test_the_chain_goes_on(shop, netns_mysqld):
    assert is_there(netns_mysqld)
    MADE.append(number_made(netns_mysqld))


def test_after_other_statements_the_account_is_made_again(shop, netns_mysqld):
    MADE.append(number_made(netns_mysqld))


def test_one_account_was_made_for_the_chain():
    assert MADE == [1, 2]


def test_before_a_looking_fixture(netns_mysql):
    pass


def test_a_fixture_that_runs_first_sees_no_account(looking, netns_mysql):
    pass


def test_before_a_fixture_of_the_module(netns_mysql):
    pass


def test_a_fixture_of_the_module_sees_no_account(wide, netns_mysql):
    pass


@pytest.mark.parametrize("ending", [1, 2, 3], indirect=True)
def test_the_end_of_a_fixture_of_the_module_sees_no_account(ending, netns_mysql):
    pass


def test_before_a_test_that_is_skipped(netns_mysql):
    pass


@pytest.mark.skip
def test_that_is_skipped(netns_mysql):
    pass


def test_after_a_test_that_is_skipped(netns_mysqld):
    assert not is_there(netns_mysqld)


def test_before_a_test_without_an_account(netns_mysql):
    pass


def test_without_an_account(netns_mysqld):
    assert not is_there(netns_mysqld)


def test_before_a_test_that_makes_the_account(netns_mysql):
    pass


def test_that_makes_the_account(netns_account):
    netns_account("red_user", host="192.0.2.2", schema="red_schema")


class TestSetup:
    def setup_method(self):
        assert not any(map(is_there, SERVERS))

    def test_first(self, netns_mysql, netns_mysqld):
        SERVERS.append(netns_mysqld)

    def test_second(self, netns_mysql):
        pass


def test_before_blue(netns_mysql):
    pass


@pytest.mark.netns("blue")
def test_blue(netns_mysql, netns_mysqld):
    assert not is_there(netns_mysqld)


def test_before_the_leftovers_that_stay(netns_mysql):
    pass


@pytest.mark.netns_leftovers("keep")
@pytest.mark.parametrize("number", range(2))
def test_leftovers_stay(netns_mysql, number):
    pass


def test_after_the_leftovers_that_stay(netns_mysqld):
    assert not is_there(netns_mysqld)


def test_before_a_fresh_server(netns_mysql):
    pass


def test_a_fresh_server(netns_mysql, netns_mysqld_fresh):
    assert number_made(netns_mysqld_fresh) == 1


def test_before_a_test_that_leaves_early(netns_mysql):
    pass


def test_that_leaves_early(netns_mysql, request):
    pytest.skip("after the account was taken over")


def test_last(netns_mysqld):
    assert not is_there(netns_mysqld)
