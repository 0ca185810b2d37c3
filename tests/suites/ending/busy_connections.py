import threading
import time

import pytest


@pytest.mark.netns("red")
@pytest.mark.parametrize("driver", ["mysql.connector", "pymysql", "mysqlx"])
def test_a_thread_runs_a_statement(driver, netns_connect, netns_mysqld, netns_mysqlx):
    connection = netns_connect(driver=driver)
    run = {"mysql.connector": "cmd_query", "pymysql": "query", "mysqlx": "sql"}[driver]

    def wait():
        try:
            done = getattr(connection, run)("SELECT SLEEP(600)")
            if driver == "mysqlx":
                done.execute()
        except Exception:  # noqa: BLE001
            pass

    threading.Thread(target=wait, daemon=True).start()
    while not netns_mysqld.execute("SELECT 1 FROM performance_schema.processlist WHERE INFO = 'SELECT SLEEP(600)'"):
        time.sleep(0.01)
