#!/usr/bin/env bash
# Stops a part of the one-node cluster and starts it again as it was, with more flags: restart.sh PART [FLAG...], e.g. restart.sh kubelet
set -euo pipefail
. "$(dirname "$0")/env.sh"
part=$1
shift
pid=$(cat "$STATE/pids/$part")
mapfile -d '' -t command <"/proc/$pid/cmdline"
folder=$(readlink "/proc/$pid/cwd")
kill "$pid"
while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
cd "$folder"
setsid nsenter --net=/run/netns/$NS -- "${command[@]}" "$@" >>"$STATE/log/$part.log" 2>&1 </dev/null &
echo $! >"$STATE/pids/$part"
# Its neighbours ask the API server, and may end when it is away.
for _ in $(seq 300); do kubectl get --raw /readyz >/dev/null 2>&1 && exit 0; sleep 0.2; done
echo "one-node cluster: the API server must be ready within 60 s of the start of $part, was not; see $STATE/log" >&2
exit 1
