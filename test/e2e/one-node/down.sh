#!/usr/bin/env bash
# Stops the one-node cluster; its programs stay.
set -euo pipefail
. "$(dirname "$0")/env.sh"
exec "$TRADEWIND_TEST_CLUSTER/down.sh"
