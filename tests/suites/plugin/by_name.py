import sys

FIXTURE = "netns_" + "mysql"  # in one word it would say that there are such tests


def test_a_fixture_that_nothing_announced(request):
    assert "pytest_net" + "ns_mysql.hooks" not in sys.modules
    with request.getfixturevalue(FIXTURE).cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)
