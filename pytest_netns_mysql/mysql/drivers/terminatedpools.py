"""The end of the pools of aiomysql, and of asyncmy, which was made from it."""

from __future__ import annotations

from typing import Any


async def close_pool(pool: Any) -> None:
    """Close a pool in its event loop, with the connections that are in use."""
    pool.terminate()
    await pool.wait_closed()


def mark_pool_closed(pool: Any) -> None:
    """Mark the connections of a pool as closed, without an event loop."""
    for connection in (*pool._free, *pool._used):
        connection.close()
