#!/bin/sh
# Makes sure that the tests find the programs of others that they need (a Chromium; systemd-analyze, which judges the units in
# deploy/): installs Debian's where that is allowed, otherwise says what to run and stops.
set -eu

found() {
    for name in "$@"; do
        command -v "$name" >/dev/null 2>&1 && return 0
    done
    return 1
}

wanted=""
found chromium chromium-browser google-chrome || wanted="chromium fonts-noto-color-emoji"
found systemd-analyze || wanted="$wanted systemd"
[ -n "$wanted" ] || exit 0
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    echo "Installing for the tests: $wanted ..."
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086 # several packages
    apt-get update -qq && apt-get install -y -qq --no-install-recommends $wanted >/dev/null
    exit 0
fi
echo "The tests need other programs. Please run as an administrator: apt-get update && apt-get install -y --no-install-recommends $wanted" >&2
exit 1
