"""A worker that serves one hook, the activity `migrate_schema`, on the task queue `db-hooks`.

It changes a table in the three moments of a release that can be undone: `on expand` adds a column,
`undo` takes it away again, and `on contract` removes the old one.
"""

import asyncio
import json
import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor

from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

DATABASE = os.environ.get("HOOKS_DATABASE", "orders.sqlite3")
ROWS_A_BATCH = 1000

# What each moment leaves behind: a column of orders, and whether it is there.
ENDS = {
    "on expand": ("total_cents", True),
    "undo": ("total_cents", False),
    "on contract": ("total", False),
}


@activity.defn
def migrate_schema(call: dict) -> dict:
    """Runs in a thread. Whatever it raises is tried again, but for a non-retryable error."""
    key, when = call.get("key"), call.get("when")
    if not isinstance(key, str) or when not in ENDS:
        # No retry mends this: the release file calls it at a moment that it does not know.
        raise ApplicationError(
            f"migrate_schema cannot do {when!r}", type="BadInput", non_retryable=True
        )
    connection = sqlite3.connect(DATABASE, isolation_level=None)
    try:
        return once(connection, key, lambda: migrate(connection, when))
    finally:
        connection.close()


def once(connection: sqlite3.Connection, key: str, work) -> dict:
    """The work and its key are written in one transaction: both are there, or neither is."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute("CREATE TABLE IF NOT EXISTS hooks_done (key TEXT PRIMARY KEY, answer)")
        query = "SELECT answer FROM hooks_done WHERE key = ?"
        done = connection.execute(query, (key,)).fetchone()
        answer = work() if done is None else json.loads(done[0])
        if done is None:
            connection.execute("INSERT INTO hooks_done VALUES (?, ?)", (key, json.dumps(answer)))
        connection.execute("COMMIT")
        return answer
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def migrate(connection: sqlite3.Connection, when: str) -> dict:
    """States an end, so that a later release, whose key is another one, does no harm either."""
    column, wanted = ENDS[when]
    there = column in [row[1] for row in connection.execute("PRAGMA table_info(orders)")]
    if there != wanted:
        change = f"ADD COLUMN {column} INTEGER" if wanted else f"DROP COLUMN {column}"
        connection.execute(f"ALTER TABLE orders {change}")
    filled = 0
    while wanted and (count := fill(connection)) > 0:
        filled += count
        # Temporal learns that this still runs; where the release was called off, it ends here.
        activity.heartbeat(filled)
    return {"text": f"{when}: filled {filled} orders", "filled": filled}


def fill(connection: sqlite3.Connection) -> int:
    return connection.execute(
        "UPDATE orders SET total_cents = round(total * 100) WHERE id IN"
        " (SELECT id FROM orders WHERE total_cents IS NULL AND total IS NOT NULL LIMIT ?)",
        (ROWS_A_BATCH,),
    ).rowcount


async def main() -> None:
    client = await Client.connect(os.environ.get("TEMPORAL_ADDRESS", "127.0.0.1:7233"))
    with ThreadPoolExecutor(4) as threads:
        async with Worker(
            client, task_queue="db-hooks", activities=[migrate_schema], activity_executor=threads
        ):
            print("serving migrate_schema on db-hooks", flush=True)
            await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
