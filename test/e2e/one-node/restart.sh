#!/usr/bin/env bash
# Stops a part of the one-node cluster and starts it again as it was, with more flags: restart.sh PART [FLAG...], e.g. restart.sh kubelet
set -euo pipefail
. "$(dirname "$0")/env.sh"
part=$1
shift
pid=$(cat "$STATE/pids/$part")
mapfile -d '' -t command <"/proc/$pid/cmdline"
folder=$(readlink "/proc/$pid/cwd")
is_running() { [ -r "/proc/$pid/stat" ] && ! grep -q ') Z ' "/proc/$pid/stat"; }
kill "$pid"
for _ in $(seq 100); do is_running || break; sleep 0.1; done
# An API server waits a minute for its watches.
if is_running; then kill -9 "$pid" || true; fi
while is_running; do sleep 0.1; done
cd "$folder"
start "$part" "${command[@]}" "$@"
# The next to be restarted asks the API server as it begins, and ends where that is away.
for _ in $(seq 300); do kubectl get --raw /readyz >/dev/null 2>&1 && exit 0; sleep 0.2; done
echo "one-node cluster: the API server must be ready within 60 s of the start of $part, was not; see $STATE/log" >&2
exit 1
