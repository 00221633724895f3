SHELL := /bin/bash
.DEFAULT_GOAL := help

export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
# The CPU provider ships inside the package; this stops the GPU providers from being fetched.
export ONNXRUNTIME_NODE_INSTALL := skip
# Tools that are installed on demand (XGBoost, Python clients, grpcurl) live here and survive `make clean`.
export TRADEWIND_CACHE ?= $(CURDIR)/.cache

INSTALLED := node_modules/.tradewind-installed
XGBOOST_VERSION := 3.2.0
XGBOOST := $(TRADEWIND_CACHE)/xgboost/xgboost_cpu-$(XGBOOST_VERSION).installed

.PHONY: help install xgboost run servers test test-faults e2e image verify generate format bench clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  %-12s %s\n", $$1, $$2}'

install: $(INSTALLED) xgboost ## Install what running needs: npm packages and the XGBoost library

$(INSTALLED): package.json package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

xgboost: $(XGBOOST)

$(XGBOOST): scripts/fetch-xgboost.sh
	@bash scripts/fetch-xgboost.sh "$(XGBOOST_VERSION)" "$(TRADEWIND_CACHE)/xgboost" && touch $@ || \
	  { mkdir -p "$(dir $@)"; echo "tradewind: XGBoost could not be installed: serving works, training does not"; }

run: install ## Start Tradewind in this process group (ARGS="--source replay --file F" and so on)
	@bin/tradewind up $(ARGS)

servers: install ## Start Kafka, Redis and ClickHouse for development, and print how to use them
	@node test/servers/run.ts

test: install ## Run the tests, of many alike some (all with TRADEWIND_TESTS=whole); installs the servers that they need
	@node scripts/run-tests.ts $(ARGS)

test-faults: install ## Run the fault tests in their longer forms; tables are written to out/faults
	@TRADEWIND_FAULTS="$${TRADEWIND_FAULTS:-nightly}" node scripts/run-tests.ts test/faults $(ARGS)

e2e: $(INSTALLED) ## Install the chart on the cluster of KUBECONFIG with the image E2E_IMAGE, and hold it to its promises
	vitest run --config test/e2e/cluster/vitest.config.ts $(ARGS)

# Not from the environment: some shells have a NAME of their own.
NAME = tradewind:local
TARGET = full
image: ## Build an image by docker, podman or buildah (NAME=tradewind:local TARGET=full, predictor or runtime; BASE=IMAGE)
	@scripts/build-image.sh $(NAME) deploy/Dockerfile . --target $(TARGET) $(if $(BASE),--build-arg BASE=$(BASE)) \
	  --build-arg VERSION="$$(sed -n 's/^  "version": "\(.*\)",/\1/p' package.json)" \
	  --build-arg REVISION="$$(git rev-parse HEAD 2>/dev/null)"

verify: $(INSTALLED) ## Format, lint, types, generated files, protobuf compatibility, minimum versions
	biome format .
	oxlint --type-aware --deny-warnings
	tsc --noEmit
	tsc --noEmit -p pkg/console/public
	buf lint
	@node scripts/check-breaking.ts
	@node scripts/check-generated.ts
	@node scripts/check-versions.ts

generate: $(INSTALLED) ## Rebuild every generated file
	buf generate
	@node scripts/generate-docs.ts
	@node scripts/generate-resources.ts
	@node scripts/generate-observability.ts
	@node scripts/generate-chart.ts
	@node scripts/generate-kustomize.ts

format: $(INSTALLED) ## Format every file
	biome format --write .

bench: install ## Run the benches (ARGS="features --json" for one)
	@bin/tradewind bench $(ARGS)

clean: ## Remove what was installed and made, but not the cache of tools
	rm -rf node_modules out coverage
