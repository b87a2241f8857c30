"""The database's shape through time: one file a step, one head, each step runs under the code before it."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

_HERE = Path(__file__).parent


def _config(url: str = "") -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.attributes["url"] = url
    return config


def migrate(url: str) -> None:
    """Bring a database to the head. Safe while another process serves: one runner at a time."""
    if url.startswith("sqlite"):
        Path(sa.make_url(url).database or ".").parent.mkdir(parents=True, exist_ok=True)
    command.upgrade(_config(url), "head")


def is_at_head(db: sa.Connection) -> bool:
    """Whether the database has the newest shape that this code knows."""
    return MigrationContext.configure(db).get_current_revision() == _HEAD


_HEAD = ScriptDirectory.from_config(_config()).get_current_head()
