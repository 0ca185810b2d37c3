import pytest


@pytest.mark.netns("red")
def test_it_passes(netns_mysql):
    with netns_mysql.cursor() as cursor:
        cursor.execute("SELECT 'of the test before'")
        cursor.fetchall()


@pytest.mark.netns("red")
def test_it_fails(netns, netns_mysql):
    with netns_mysql.cursor() as cursor:
        cursor.execute("SELECT 'before the fault'")
        cursor.fetchall()
        fault = netns.fault_log.note("the link of red to global is down", "red")
        cursor.execute("SELECT 'in the fault'")
        cursor.fetchall()
        fault.heal("the test")
        cursor.execute("SELECT 'after the fault'")
        cursor.fetchall()
    raise ValueError("so it is")


@pytest.fixture
def in_teardown(netns_mysql):
    yield
    with netns_mysql.cursor() as cursor:
        cursor.execute("SELECT 'in the teardown'")
        cursor.fetchall()


@pytest.mark.netns("blue")
def test_it_fails_and_is_torn_down(in_teardown):
    assert not in_teardown, "never"
    raise ValueError


@pytest.mark.netns("blue")
@pytest.mark.xfail(strict=True)
def test_it_is_expected_to_fail(netns_mysql):
    raise ValueError


@pytest.mark.netns("blue")
def test_its_teardown_fails(netns_mysql, request):
    request.addfinalizer(lambda: 1 / 0)


def test_without_a_namespace():
    raise ValueError
