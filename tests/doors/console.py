"""A terminal at the server: one child process that runs many commands, so that not each has to start Python anew.

Run as `python -m tests.doors.console`: a line in is one command, a line out its exit code and what it wrote. A command
runs exactly as `branch-lobby` runs it; what it raises is written as the interpreter would. Never imported by a test,
for `lobby_server.cli` changes how the whole process waits.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import traceback

from lobby_server.cli import main


def serve() -> None:
    """Answer until no more is asked."""
    asked, answers = sys.stdin, sys.stdout
    for line in asked:
        words, typed, environment = json.loads(line)
        os.environ.update(environment)
        said, complained = io.StringIO(), io.StringIO()
        sys.stdin = io.StringIO(typed)
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(complained):
            exit_code = _run(words)
        for name in environment:
            del os.environ[name]
        answers.write(json.dumps([exit_code, said.getvalue(), complained.getvalue()]) + "\n")
        answers.flush()


def _run(words: list[str]) -> int:
    try:
        return main(words)
    except SystemExit as end:
        return int(end.code or 0)
    except BaseException:
        traceback.print_exc()
        return 1


if __name__ == "__main__":
    serve()
