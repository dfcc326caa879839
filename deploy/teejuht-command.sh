#!/bin/sh
# One command with the user, the settings and the secrets of the service: sudo teejuht status. Goes to /usr/local/bin/teejuht.
set -eu
unit="teejuht-command-$$"
exec systemd-run --quiet --pipe --pty --wait --collect --unit="$unit" --description="teejuht ${1:-}" \
    --property=User=teejuht --property=UMask=0077 --property=NoNewPrivileges=true \
    --property=WorkingDirectory=/var/lib/teejuht --property=EnvironmentFile=/etc/teejuht/teejuht.env \
    --property=LoadCredential=teejuht:/etc/teejuht/secrets --setenv="TEEJUHT_SECRETS=/run/credentials/$unit.service" \
    -- /opt/teejuht/current/bin/teejuht "$@"
