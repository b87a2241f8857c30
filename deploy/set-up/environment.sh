#!/bin/sh
# Make or renew the virtual environment `.venv` from locks with hashes, and put this folder into it.
#
# Usage: environment.sh server build        what `make run` needs
#        environment.sh test                the same and the tools
set -eu
cd "$(dirname "$0")/../.."
python=${PYTHON:-python3.11}

# A half-made environment, or one whose Python went away in an upgrade, is thrown away and not mended.
if ! .venv/bin/python -c 'import pip' 2> /dev/null; then
  rm -rf .venv
  "$python" -m venv .venv
fi

locks=""
for lock; do
  locks="$locks --requirement requirements/$lock.lock"
done
pip() {
  .venv/bin/python -m pip --disable-pip-version-check --no-input --quiet "$@"
}
# shellcheck disable=SC2086  # one word for each lock is meant
pip install --require-hashes $locks
# The locks brought hatchling, so nothing unpinned is fetched to build with.
pip install --no-deps --no-build-isolation --no-index --editable .
