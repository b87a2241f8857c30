#!/bin/sh
# Make or renew `.tryton`: a Tryton of its own with our module, and a database that tests and the trial copy.
#
# It stands apart from `.venv`, as a bank's Tryton does: the two speak over HTTP only. The database takes a minute.
set -eu
cd "$(dirname "$0")/../.."
python=${PYTHON:-python3.11}

rm -rf .tryton
"$python" -m venv .tryton
pip() {
  .tryton/bin/python -m pip --disable-pip-version-check --no-input --quiet "$@"
}
pip install --require-hashes --requirement requirements/tryton.lock
# The lock brought hatchling, so nothing unpinned is fetched to build with.
pip install --no-deps --no-build-isolation --no-index ./deploy/tryton
.tryton/bin/python deploy/tryton/make_database.py .tryton/database > .tryton/database.log 2>&1 || {
  cat .tryton/database.log >&2
  exit 1
}
