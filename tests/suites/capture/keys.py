import pytest

# PyMySQL before 1.2 uses TLS only if it is told to.
WITH_TLS = {"mysql.connector": {}, "pymysql": {"ssl": {"check_hostname": False, "verify_mode": "none"}}}


@pytest.mark.netns("red")
@pytest.mark.parametrize("driver", WITH_TLS)
def test_over_tls(netns_account, netns_connect, driver):
    account = netns_account("app", password="secret", grants=["SELECT ON *.*"])
    with netns_connect("red", account=account, driver=driver, **WITH_TLS[driver]).cursor() as cursor:
        cursor.execute("SHOW STATUS LIKE 'Ssl_cipher'")
        assert cursor.fetchone()[1]
        cursor.execute("SELECT 'over TLS'")
        cursor.fetchall()
    raise ValueError
