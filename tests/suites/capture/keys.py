import pytest


@pytest.mark.netns("red")
@pytest.mark.parametrize("driver", ["mysql.connector", "pymysql"])
def test_over_tls(netns_account, netns_connect, driver):
    account = netns_account("app", password="secret", grants=["SELECT ON *.*"])
    with netns_connect("red", account=account, driver=driver).cursor() as cursor:
        cursor.execute("SHOW STATUS LIKE 'Ssl_cipher'")
        assert cursor.fetchone()[1]
        cursor.execute("SELECT 'over TLS'")
        cursor.fetchall()
    raise ValueError
