from pytest_netns_mysql import factories

netns_mysqld_alone = factories.mysqld(options={"port": 3399}, scope="function")
