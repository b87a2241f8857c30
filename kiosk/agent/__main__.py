"""`python -m kiosk.agent` is the command `branch-lobby-kiosk`."""

import sys

from kiosk.agent.main import main

sys.exit(main())
