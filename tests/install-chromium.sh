#!/bin/sh
# Makes sure that the browser tests find a Chromium: installs Debian's where that is allowed, otherwise says what to run and stops.
set -eu
for name in chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null 2>&1 && exit 0
done
wanted="apt-get update && apt-get install -y --no-install-recommends chromium fonts-noto-color-emoji"
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    echo "Installing Chromium for the browser tests ..."
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-noto-color-emoji >/dev/null
    exit 0
fi
echo "The browser tests need Chromium. Please run as an administrator: $wanted" >&2
exit 1
