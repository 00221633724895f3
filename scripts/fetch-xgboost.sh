#!/usr/bin/env bash
# Unpacks the shared library of the PyPI wheel xgboost-cpu into a folder: fetch-xgboost.sh VERSION FOLDER
set -euo pipefail
version=$1 folder=$2
[ -f "$folder/xgboost/lib/libxgboost.so" ] && [ "$(cat "$folder/VERSION" 2>/dev/null)" = "$version" ] && exit 0
command -v python3 >/dev/null || { echo "tradewind: python3 with pip is needed to fetch XGBoost $version" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: -d "$work" "xgboost-cpu==$version"
mkdir -p "$folder"
python3 -m zipfile -e "$work"/xgboost_cpu-*.whl "$folder"
echo "$version" > "$folder/VERSION"
