"""The command line, `branch-lobby`."""

from __future__ import annotations

# Before anything else is imported: from here on waiting for a socket lets others run (gevent).
from gevent import monkey

monkey.patch_all()

from lobby_server.cli.commands import main  # noqa: E402

__all__ = ["main"]
