def test_it(netns, netns_account, netns_connect):
    account = netns_account("app", host="%")
    with netns.without_names():
        netns_connect("red", account=account, host="red.db.test")
