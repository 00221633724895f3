# Sourced by the scripts beside it. The cluster itself is started by the scripts build.sh, up.sh, load-image.sh, down.sh and env.sh in the folder
# TRADEWIND_TEST_CLUSTER, by default shared/cluster beside the repository; the last says where everything is (STATE, BIN, NS, KUBECONFIG).
one_node=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(cd "$one_node/../../.." && pwd)
export TRADEWIND_TEST_CLUSTER=${TRADEWIND_TEST_CLUSTER:-$(dirname "$repository")/shared/cluster}
[ -f "$TRADEWIND_TEST_CLUSTER/env.sh" ] || { echo "TRADEWIND_TEST_CLUSTER must name a folder with scripts of a cluster, and $TRADEWIND_TEST_CLUSTER has none" >&2; exit 1; }
. "$TRADEWIND_TEST_CLUSTER/env.sh"
