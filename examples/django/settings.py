"""Settings of a small Django project."""

SECRET_KEY = "no secret"
USE_TZ = True
INSTALLED_APPS = ["shop"]
ROOT_URLCONF = "shop.urls"
STATIC_URL = "static/"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

_MYSQL = {
    "ENGINE": "django.db.backends.mysql",
    "NAME": "shop",
    "USER": "shop",
    "HOST": "db.example.org",  # where the project runs; in tests it is the nearest endpoint of netns_mysqld
}
DATABASES = {
    "default": _MYSQL,  # follows the test
    "red": {**_MYSQL},  # bound to red, in every test and thread
    "blue": {**_MYSQL},
}

try:
    import MySQLdb  # noqa: F401 - mysqlclient
except ImportError:
    import pymysql

    pymysql.version_info = (2, 2, 1, "final", 0)  # Django asks for the version of mysqlclient
    pymysql.install_as_MySQLdb()
