# Sourced by the scripts beside it. The cluster itself is started by those in the folder TRADEWIND_TEST_CLUSTER, by default shared/cluster beside the
# repository:
#   build.sh        programs of Kubernetes, into $BIN
#   up.sh, down.sh  a cluster of one node, and its end with all of $STATE
#   base-image.sh   an archive of node:24-bookworm-slim
#   load-image.sh   builds an image and gives it to the node
#   env.sh          STATE, BIN, NS (network of the node), SERVICE_CIDR, KUBECONFIG; $STATE/pids and $STATE/log have a file for each part
one_node=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(cd "$one_node/../../.." && pwd)
export TRADEWIND_TEST_CLUSTER=${TRADEWIND_TEST_CLUSTER:-$(dirname "$repository")/shared/cluster}
[ -f "$TRADEWIND_TEST_CLUSTER/env.sh" ] || { echo "TRADEWIND_TEST_CLUSTER must name a folder with scripts of a cluster, and $TRADEWIND_TEST_CLUSTER has none" >&2; exit 1; }
. "$TRADEWIND_TEST_CLUSTER/env.sh"
# There while the cluster is one that up.sh has started, and its second line once nothing is missing of it.
mark=$STATE/one-node

# start PART COMMAND... : in the network of the node, in the background; fails where it ends at once
start() {
  local part=$1
  shift
  setsid nsenter --net=/run/netns/"$NS" -- "$@" >>"$STATE/log/$part.log" 2>&1 </dev/null &
  echo $! >"$STATE/pids/$part"
  sleep 1
  kill -0 "$(cat "$STATE/pids/$part")" 2>/dev/null && return
  echo "one-node cluster: $part must run, and has ended:" >&2
  tail -5 "$STATE/log/$part.log" >&2
  return 1
}
