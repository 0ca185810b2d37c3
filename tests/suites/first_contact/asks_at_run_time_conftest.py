import pytest

from pytest_netns_mysql import factories

server = factories.mysqld(options={"port": 3307}, mysqld="mariadb", scope="function")
between = factories.router(namespace="red", scope="function")


@pytest.hookimpl(trylast=True)
def pytest_runtest_call(item):
    for name in ("server", "between"):
        with pytest.raises(Exception) as error:  # noqa: PT011
            item._request.getfixturevalue(name)
        print(f"\n{error.value}")
