"""A server of MariaDB beside `netns_mysqld`: one for all tests, since two in a session cannot share the port."""

from pytest_netns_mysql import factories

maria = factories.mysqld(mysqld="mariadb", options={"port": 3396})
