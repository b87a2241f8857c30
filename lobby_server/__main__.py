"""`python -m lobby_server` is `branch-lobby`."""

from __future__ import annotations

import sys

from lobby_server.cli import main

sys.exit(main())
