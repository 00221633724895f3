#!/usr/bin/env bash
# Builds the images of the end-to-end tests: build-images.sh [--build-arg BASE=IMAGE]...
# localhost/tradewind:test (TARGET, predictor by default), localhost/tradewind-kafka:test, localhost/tradewind-redis:test,
# localhost/tradewind-clickhouse:test.
set -euo pipefail
cd "$(dirname "$0")/../.."
TARGET=${TARGET:-predictor}
scripts/build-image.sh localhost/tradewind:test deploy/Dockerfile . --target "$TARGET" "$@"
# Maven brings Kafka once, as for the tests that run it.
libraries=$(node_modules/node/bin/node --input-type=module -e "
  import { kafkaLibraries } from './test/servers/tools.ts';
  const { path, missing } = kafkaLibraries();
  if (missing !== undefined) throw new Error('Kafka needs ' + missing);
  console.log(path);")
case $libraries in
  "$PWD"/*) ;;
  *) mkdir -p .cache/kafka-image && cp -r "$libraries/." .cache/kafka-image && libraries=$PWD/.cache/kafka-image ;;
esac
scripts/build-image.sh localhost/tradewind-kafka:test test/e2e/images/kafka/Dockerfile . \
  --build-arg LIBRARIES="${libraries#"$PWD/"}" "$@"
scripts/build-image.sh localhost/tradewind-redis:test test/e2e/images/redis/Dockerfile test/e2e/images/redis "$@"
scripts/build-image.sh localhost/tradewind-clickhouse:test test/e2e/images/clickhouse/Dockerfile . "$@"
