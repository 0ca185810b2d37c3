"""Connections that the server refuses, by an engine and by asyncio."""

import asyncio

from sqlalchemy import text


def test_engine(netns_engine, netns_account):
    app = netns_account("app", host="%", password="p", require="X509")
    with netns_engine("red", account=app).connect() as connection:
        connection.execute(text("SELECT 1"))


def test_connect(netns_connect_async, netns_account):
    app = netns_account("app", host="%", password="p", require="SSL")

    async def main():
        await netns_connect_async("red", account=app, driver="asyncmy", ssl_disabled=True)

    asyncio.run(main())
