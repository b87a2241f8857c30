#!/bin/sh
# Install what the tests need from Debian, once; say one clear sentence where that cannot be done.
set -eu

# libgl1 and libglib2.0-0: opencv-python loads them. fonts-noto-cjk: without it every Chinese word is a box.
# espeak-ng and opus-tools: the voice clips are made with them.
# hledger: recomputes the incentive ledger, knowing nothing of our code. libzbar0: a contestant of the QR benchmark.
# pcscd and vsmartcard-vpcd: the card readers' service and its virtual reader. pyscard is built with the last two.
wanted="postgresql redis-server chromium fonts-noto-cjk libgl1 libglib2.0-0 espeak-ng opus-tools hledger libzbar0
pcscd vsmartcard-vpcd libpcsclite-dev swig"

if ! command -v dpkg-query > /dev/null; then
  echo "make test installs Debian packages ($wanted), but this is not Debian: install their like by hand." >&2
  exit 1
fi

missing=""
for package in $wanted; do
  if [ "$(dpkg-query --show --showformat '${db:Status-Status}' "$package" 2> /dev/null || true)" != installed ]; then
    missing="$missing $package"
  fi
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
  as_root=""
elif command -v sudo > /dev/null && { sudo -n true 2> /dev/null || [ -t 0 ]; }; then
  as_root=sudo
else
  echo "The tests need these Debian packages:$missing. Run make test as root or with sudo, or install them." >&2
  exit 1
fi

echo "installing$missing"
# RUNLEVEL=1: Debian would start the servers at once, but the tests start their own on free ports.
quietly() {
  $as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -qq -o Dpkg::Use-Pty=0 "$@" < /dev/null
}
if ! quietly update || ! quietly install --yes --no-install-recommends $missing > /dev/null; then
  echo "apt-get could not install$missing: see its messages above." >&2
  exit 1
fi
