#!/bin/sh
# Look for the named tools before anything is made; a missing one gives one clear sentence.
#
# Usage: tools.sh python node gcc
set -eu

python=${PYTHON:-python3.11}

stop() {
  echo "branch-lobby: $1" >&2
  exit 1
}

look_for_python() {
  # A version manager may offer the name without the thing, so ask it to run.
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null ||
    stop "$python is missing: Python 3.11 or newer is needed (Debian: apt-get install python3.11; else PYTHON=path)."
  "$python" -c 'import ensurepip, venv' 2> /dev/null ||
    stop "$python cannot make virtual environments (Debian: apt-get install python3.11-venv)."
}

look_for_node() {
  command -v node > /dev/null || stop "node is missing: Node 20 or newer is needed to fetch the browser files."
  command -v npm > /dev/null || stop "npm is missing: it fetches the browser files (Debian: apt-get install npm)."
  node -e 'process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)' ||
    stop "node is $(node --version): Node 20 or newer is needed."
}

look_for_gcc() {
  command -v gcc > /dev/null || stop "gcc is missing: it builds the load generator (Debian: apt-get install gcc)."
}

for tool; do
  "look_for_$tool"
done
