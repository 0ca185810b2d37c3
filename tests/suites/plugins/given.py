"""Tests of hypothesis in namespaces; the health check refuses a connection that all examples share."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from places import HOST, named, network, origin

settings.register_profile("few", max_examples=5, database=None, deadline=None)
settings.load_profile("few")
NUMBERS = st.integers(-100, 100)


@given(NUMBERS)
def test_plain(number):
    assert network() == HOST


@pytest.mark.netns("red", "blue")
@given(NUMBERS)
def test_marker_alone(number):
    assert network() != HOST


@pytest.mark.netns("red")
@given(number=NUMBERS)
def test_fixture_of_the_session(netns, number):
    assert network() == named("red")


@pytest.fixture(scope="module")
def shop(netns_mysqld):
    netns_mysqld.execute("CREATE USER shop@'%%' IDENTIFIED BY 'secret'")
    yield {"user": "shop", "password": "secret"}
    netns_mysqld.execute("DROP USER shop@'%%'")


@pytest.mark.netns("red")
@given(number=NUMBERS)
def test_connection_of_each_example(netns_mysqld, shop, number):
    with netns_mysqld.connect(namespace="red", **shop) as connection:
        assert origin(connection) == "192.0.2.2"


@pytest.mark.netns("red")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(number=NUMBERS)
def test_connection_for_all_examples(netns_mysql, number):
    with netns_mysql.cursor() as cursor:
        cursor.execute("SELECT %s, USER()", (number,))
        assert cursor.fetchone() == (number, "red_user@192.0.2.2")


@pytest.mark.netns("red")
@given(number=NUMBERS)
def test_health_check(netns_mysql, number):
    pass
