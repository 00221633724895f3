#!/usr/bin/env bash
# Builds an image by docker, podman or buildah, whichever works here: build-image.sh NAME[:TAG] DOCKERFILE CONTEXT [--target T] [--build-arg K=V]...
# IMAGE_BUILDER names one of them. SOURCE_DATE_EPOCH is the time of everything in the image; that of the last commit where it is not set.
set -euo pipefail
name=${1:?name of the image} file=${2:?Dockerfile} context=${3:?context}
shift 3
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$context" log -1 --format=%ct 2>/dev/null || echo 0)}

# A client of docker without its daemon builds nothing.
works() { command -v "$1" >/dev/null && { [ "$1" != docker ] || docker info >/dev/null 2>&1; }; }
builder=${IMAGE_BUILDER:-}
if [ -z "$builder" ]; then
  for builder in docker podman buildah ''; do [ -n "$builder" ] && works "$builder" && break; done
fi
time=(--build-arg "SOURCE_DATE_EPOCH=$SOURCE_DATE_EPOCH")
case $builder in
  docker) docker buildx build --output "type=docker,name=$name,rewrite-timestamp=true" "${time[@]}" -f "$file" "$@" "$context" ;;
  podman) podman build --timestamp "$SOURCE_DATE_EPOCH" "${time[@]}" -t "$name" -f "$file" "$@" "$context" ;;
  buildah) buildah bud --timestamp "$SOURCE_DATE_EPOCH" "${time[@]}" ${BUILDAH_FLAGS:-} -t "$name" -f "$file" "$@" "$context" ;;
  *) echo "tradewind: docker, podman or buildah is needed to build an image" >&2; exit 7 ;;
esac
