"""All that a Django project has to write: its databases are on netns_mysqld, each connection from its namespace."""

from pytest_netns_mysql.django import databases

django_db_modify_db_settings = databases()
