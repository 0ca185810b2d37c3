from pytest_netns_mysql.mysql.reset import cleanup, reset

put_back = reset.put_back


def broken(server, *arguments, **options):
    if server.name == "first":
        raise LookupError("nobody expects this")
    return put_back(server, *arguments, **options)


vars(cleanup)["put_back"] = broken
