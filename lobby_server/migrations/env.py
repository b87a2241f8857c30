"""How alembic reaches the database. Run by alembic, imported by nobody."""

from __future__ import annotations

import time

import sqlalchemy as sa
from alembic import context

from lobby_server.appointments import tables as _appointments  # noqa: F401
from lobby_server.branch import tables as _branch  # noqa: F401 — tables announce themselves by import
from lobby_server.clients import tables as _clients  # noqa: F401
from lobby_server.customers import tables as _customers  # noqa: F401
from lobby_server.identification import tables as _identification  # noqa: F401
from lobby_server.kernel import tables as _kernel  # noqa: F401
from lobby_server.kernel.database import metadata
from lobby_server.queue import tables as _queue  # noqa: F401
from lobby_server.staff import tables as _staff  # noqa: F401
from lobby_server.visits import tables as _visits  # noqa: F401
from lobby_server.webhooks import tables as _webhooks  # noqa: F401
from referral.crm_sync import tables as _crm_sync  # noqa: F401
from referral.incentives import tables as _incentives  # noqa: F401
from referral.lifecycle import tables as _lifecycle  # noqa: F401
from referral.review import tables as _review  # noqa: F401

ONE_RUNNER = 6_021_957  # any number, the same for all: PostgreSQL's advisory lock
LOCK_TIMEOUT, STATEMENT_TIMEOUT = "5s", "60s"
WAL_TRIES, WAL_PAUSE_S = 600, 0.1  # together as long as SQLite waits for everything else


def run() -> None:
    """Upgrade in one transaction; a second runner waits and then finds nothing to do."""
    engine = sa.create_engine(context.config.attributes["url"])
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
            connection.exec_driver_sql(f"SET statement_timeout = '{STATEMENT_TIMEOUT}'")
            connection.exec_driver_sql(f"SELECT pg_advisory_lock({ONE_RUNNER})")
            connection.commit()
        else:
            connection.exec_driver_sql("PRAGMA busy_timeout = 60000")
            _write_ahead(connection)
            # Copying a table takes several statements: after a crash between them nothing of a step has happened.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=False)
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
    engine.dispose()


def _write_ahead(connection: sa.Connection) -> None:
    """Into WAL mode. SQLite does not wait for another runner here, whatever its time-out is: it refuses at once."""
    for tried in range(1, WAL_TRIES + 1):
        try:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")
            connection.commit()
            return
        except sa.exc.OperationalError:
            connection.rollback()
            if tried == WAL_TRIES:
                raise
            time.sleep(WAL_PAUSE_S)


run()
