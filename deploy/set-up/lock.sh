#!/bin/sh
# Pin every package with the hashes of its published files: `make lock [COMPILER=path]`.
#
# server.lock is what a branch installs; test.lock holds all of it at the same versions and adds the tools; build.lock
# makes the wheel; tryton.lock is the CRM of the tests and of the trial. Settings of this machine (extra indexes, local files) are switched off, for their files may differ from
# the published ones, and the lock must hold everywhere.
set -eu
cd "$(dirname "$0")/../.."
COMPILER=${COMPILER:-.venv/bin/pip-compile}

unset PIP_FIND_LINKS PIP_EXTRA_INDEX_URL
PIP_CONFIG_FILE=/dev/null
CUSTOM_COMPILE_COMMAND="make lock"
export PIP_CONFIG_FILE CUSTOM_COMPILE_COMMAND

pin() {
  output=$1
  shift
  echo "pinning requirements/$output"
  "$COMPILER" --quiet --no-config --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url \
    --no-emit-trusted-host --no-emit-find-links ${UPGRADE:+--upgrade} --output-file "requirements/$output" "$@"
}

pin server.lock --extra server pyproject.toml
pin test.lock --extra server --extra kiosk --constraint requirements/server.lock pyproject.toml requirements/test.in \
  requirements/build.in
pin build.lock --constraint requirements/test.lock requirements/build.in
pin tryton.lock --constraint requirements/build.lock deploy/tryton/pyproject.toml requirements/build.in
