#!/usr/bin/env bash
# Builds programs of Kubernetes into a folder that is shared: build.sh FOLDER PROGRAM...
# Takes minutes the first time. Who comes while another builds waits, and finds the programs there.
set -euo pipefail
cd "$(dirname "$0")"
folder=$1
shift
mkdir -p "$folder"
if command -v flock >/dev/null; then
  exec 9>"$folder/.lock"
  flock 9
fi

package_of() {
  case $1 in
    etcd) echo go.etcd.io/etcd/server/v3 ;;
    *) echo "k8s.io/kubernetes/cmd/$1" ;;
  esac
}
version=$(sed -n 's/.*k8s.io\/kubernetes \(v[0-9.]*\)$/\1/p' go.mod)
IFS=. read -r major minor _ <<<"${version#v}"
# A program that was not stamped calls itself v0.0.0, and refuses feature gates and clients by that.
flags='-s -w'
for module in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
  flags+=" -X $module.gitVersion=$version -X $module.gitMajor=$major -X $module.gitMinor=$minor -X $module.gitTreeState=clean"
done
for program in "$@"; do
  [ -x "$folder/$program" ] && continue
  CGO_ENABLED=0 GOFLAGS=-mod=readonly go build -trimpath -ldflags "$flags" -o "$folder/.$program" "$(package_of "$program")"
  # Nobody sees half a program.
  mv "$folder/.$program" "$folder/$program"
done
