#!/usr/bin/env bash
# A cluster of one node on this machine for `make e2e`, and what that test looks at beyond a bare one: the audit log of its API server, somebody who
# enforces NetworkPolicies, and the metrics API. Builds the images too, and prints the variables that the test reads, NAME=VALUE a line.
#
# Needs root on Debian, and Go. All that it says goes to standard error. A cluster that it has started before is used again if all of it runs; one
# that somebody else has started is left alone.
set -euo pipefail
. "$(dirname "$0")/env.sh"
# Only what the test cluster itself runs: nothing from outside reaches it.
ROUTER=v2.1.0 METRICS=v0.9.0
say() { echo "one-node cluster: $*" >&2; }

# module NAME PACKAGE@VERSION: takes modules by the digests of Go's database; the program stays with those of the cluster
module() {
  [ -x "$BIN/$1" ] && go version -m "$BIN/$1" | grep -qF "${2##*@}" && return
  CGO_ENABLED=0 GOBIN=$BIN go install -trimpath -ldflags '-s -w' "$2" >&2
}

has_all() {
  [ "$(tail -n +2 "$mark" 2>/dev/null)" = complete ] || return 1
  for file in "$STATE"/pids/*; do kill -0 "$(cat "$file")" 2>/dev/null || return 1; done
  kubectl get --raw /readyz >/dev/null 2>&1
}

if [ ! -f "$mark" ] && [ -f "$STATE/kubeconfig" ] && kubectl get --raw /readyz >/dev/null 2>&1; then
  say "a cluster that others have started runs in $STATE: stop it by $TRADEWIND_TEST_CLUSTER/down.sh, or name it by KUBECONFIG"
  exit 1
fi

say "programs (minutes, once)"
"$TRADEWIND_TEST_CLUSTER/build.sh" >&2
command -v ipset >/dev/null || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ipset; } >&2
module kube-router "github.com/cloudnativelabs/kube-router/v2/cmd/kube-router@$ROUTER"
module metrics-server "sigs.k8s.io/metrics-server/cmd/metrics-server@$METRICS"

audit=$STATE/log/audit.log
if ! has_all; then
  say "node"
  "$TRADEWIND_TEST_CLUSTER/down.sh"
  "$TRADEWIND_TEST_CLUSTER/up.sh" >&2
  echo 'started by test/e2e/one-node' >"$mark"
  # Of one file: the test reads no other.
  "$one_node/restart.sh" apiserver "--audit-policy-file=$one_node/audit-policy.yaml" "--audit-log-path=$audit" --audit-log-maxsize=4000
  # By default an autoscaler looks back five minutes before it takes a pod away.
  "$one_node/restart.sh" controller-manager --horizontal-pod-autoscaler-downscale-stabilization=20s
  start network-policies "$BIN/kube-router" --run-firewall=true --run-router=false --run-service-proxy=false --enable-cni=false \
    --kubeconfig "$STATE/kubeconfig-inside" --hostname-override node-1 --service-cluster-ip-range "$SERVICE_CIDR" --health-port 0
  echo complete >>"$mark"
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
kubectl wait --for=condition=Available apiservice/v1beta1.metrics.k8s.io --timeout=180s >&2

cat <<LINES
KUBECONFIG=$KUBECONFIG
E2E_IMAGE=localhost/tradewind:test
E2E_KAFKA_IMAGE=localhost/tradewind-kafka:test
E2E_REDIS_IMAGE=localhost/tradewind-redis:test
E2E_CLICKHOUSE_IMAGE=localhost/tradewind-clickhouse:test
E2E_AUDIT_LOG=$audit
E2E_RESTART_NODE=$(printf %q "$one_node/restart.sh") kubelet
E2E_POLICIES=enforced
LINES
