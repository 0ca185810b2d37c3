from pytest_netns_mysql import factories

client = factories.client(namespace="red")


def test_first(client):
    with client.cursor() as cursor:
        cursor.execute("CREATE TABLE t (a INT)")


def test_second(client):
    with client.cursor() as cursor:
        cursor.execute("CREATE TABLE t (a INT)")
