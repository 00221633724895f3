#!/bin/sh
# settle.sh FOLDER SECONDS: gives everything in FOLDER one time, so that the same files make the same layer.
set -e
cd "$1"
for name in $(ls -A); do
  # Of the kernel, where the folder is the root.
  case $name in proc | sys | dev) continue ;; esac
  # What the builder has mounted there cannot be touched, and is not part of the image.
  find "$name" -xdev -exec touch -h -d "@$2" {} + 2>/dev/null || true
done
touch -d "@$2" .
