from pytest_netns_mysql.kernel.capture import tap

tap.BUFFER = 50_000  # bytes
