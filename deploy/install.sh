#!/bin/sh
# Installs this checkout into a new folder, an environment of its own: sh deploy/install.sh /opt/teejuht/2026-12-01
# Every library comes as the lock file names it, by hash, and as a wheel, so that no code of it runs while it is installed: all but
# atomicwrites, of which there is no wheel. What builds that one is the only thing that comes without a hash.
set -eu
umask 022
into=$(realpath -m "${1:?say where to install: sh deploy/install.sh FOLDER}")
cd "$(dirname "$0")/.."
test ! -e "$into" || { echo "$into is there already: install each version into a folder of its own" >&2; exit 1; }
trap 'rm -rf "$into"' EXIT # what was not finished
"${PYTHON:-python3}" -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Teejuht needs Python 3.11 or newer")'
"${PYTHON:-python3}" -m venv "$into"
pip() { "$into/bin/python" -m pip --quiet --quiet --disable-pip-version-check install "$@"; }
pip --only-binary :all: --no-binary atomicwrites --require-hashes --requirement requirements.lock
"$into/bin/pybabel" --quiet compile --directory locales --domain teejuht
pip --no-deps --no-build-isolation .
"$into/bin/teejuht" --version
trap - EXIT
