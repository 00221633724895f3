#!/usr/bin/env bash
# A cluster of one node on this machine for `make e2e`, and what that test looks at beyond a bare one: the audit log of its API server, somebody who
# enforces NetworkPolicies, and the metrics API. Builds the images too, and prints the variables that the test reads, NAME=VALUE a line.
#
# Needs root on Debian, and Go. All that it says goes to standard error.
set -euo pipefail
. "$(dirname "$0")/env.sh"
ROUTER=v2.1.0 METRICS=v0.9.0
say() { echo "one-node cluster: $*" >&2; }

say "programs (minutes, once)"
"$TRADEWIND_TEST_CLUSTER/build.sh" >&2
command -v ipset >/dev/null || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ipset; } >&2
# go install PACKAGE@VERSION takes modules by the digests of Go's database; the programs stay with those of the cluster.
module() { [ -x "$BIN/$1" ] || CGO_ENABLED=0 GOBIN=$BIN go install -trimpath -ldflags '-s -w' "$2" >&2; }
module kube-router "github.com/cloudnativelabs/kube-router/v2/cmd/kube-router@$ROUTER"
module metrics-server "sigs.k8s.io/metrics-server/cmd/metrics-server@$METRICS"

say "nodes"
"$TRADEWIND_TEST_CLUSTER/up.sh" >&2
audit=$STATE/log/audit.log
if [ ! -f "$audit" ]; then
  "$one_node/restart.sh" apiserver "--audit-policy-file=$one_node/audit-policy.yaml" "--audit-log-path=$audit"
  # By default an autoscaler looks back five minutes before it takes a pod away.
  "$one_node/restart.sh" controller-manager --horizontal-pod-autoscaler-downscale-stabilization=20s
fi
if [ ! -f "$STATE/pids/network-policies" ]; then
  setsid nsenter --net=/run/netns/$NS -- "$BIN/kube-router" --run-firewall=true --run-router=false --run-service-proxy=false --enable-cni=false \
    --kubeconfig "$STATE/kubeconfig-inside" --hostname-override node-1 --service-cluster-ip-range "$SERVICE_CIDR" --health-port 0 \
    >"$STATE/log/network-policies.log" 2>&1 </dev/null &
  echo $! >"$STATE/pids/network-policies"
fi

say "images"
base=docker.io/library/node:24-bookworm-slim
export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=overlay IMAGE_BUILDER=buildah BUILDAH_FLAGS='--network host --pull-never'
buildah inspect --type image "$base" >/dev/null 2>&1 || buildah pull -q "oci-archive:$("$TRADEWIND_TEST_CLUSTER/base-image.sh")" >/dev/null
"$repository/test/e2e/build-images.sh" --build-arg "BASE=$base" >&2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
for name in tradewind tradewind-kafka tradewind-redis tradewind-clickhouse; do
  buildah push -q "localhost/$name:test" "oci-archive:$scratch/$name.tar:localhost/$name:test"
  ctr image import "$scratch/$name.tar" >/dev/null
  rm "$scratch/$name.tar"
done
"$TRADEWIND_TEST_CLUSTER/load-image.sh" localhost/metrics-server:test -f "$one_node/metrics-server/Dockerfile" "$BIN" >&2
kubectl apply -f "$one_node/metrics-server/metrics-server.yaml" >&2

cat <<LINES
KUBECONFIG=$KUBECONFIG
E2E_IMAGE=localhost/tradewind:test
E2E_KAFKA_IMAGE=localhost/tradewind-kafka:test
E2E_REDIS_IMAGE=localhost/tradewind-redis:test
E2E_CLICKHOUSE_IMAGE=localhost/tradewind-clickhouse:test
E2E_AUDIT_LOG=$audit
E2E_RESTART_NODE=$one_node/restart.sh kubelet
E2E_POLICIES=enforced
LINES
