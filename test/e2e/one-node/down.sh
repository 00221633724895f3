#!/usr/bin/env bash
# Stops the cluster that up.sh has started; its programs stay, and its logs are in out/e2e/log.
set -euo pipefail
. "$(dirname "$0")/env.sh"
[ -f "$mark" ] || exit 0
rm -rf "$repository/out/e2e/log"
mkdir -p "$repository/out/e2e"
cp -r "$STATE/log" "$repository/out/e2e/log"
exec "$TRADEWIND_TEST_CLUSTER/down.sh"
