import sys

FIXTURE = "netns_" + "mysql"


def test_a_fixture_that_nothing_announced(request):
    assert "pytest_netns_mysql.hooks" not in sys.modules
    with request.getfixturevalue(FIXTURE).cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)
