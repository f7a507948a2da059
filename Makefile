# The commands of a developer. Everything else is behind them: Package.swift, scripts/, .ci/run.

SWIFT ?= swift
# The longest that one run of tests may take. Each has an engine of its own: an engine takes one daemon at a time.
PATIENCE ?= 20m

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help packages build test check lint demo demo-down differential fuzz bench-gateway bench-agents

help: ## Lists these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

packages: # What is missing from Debian's packages
	@command -v $(SWIFT) >/dev/null || { echo "There is no swift in PATH; see https://www.swift.org/install" >&2; exit 1; }
	@scripts/install-packages

build: packages ## Builds berth into .build/debug
	$(SWIFT) build --product berth

test: packages check ## Installs what is missing, then runs every check and every test, those on a real engine included

check: lint ## The checks and tests alone: format, explicit imports, warnings, schemas, tests
	$(SWIFT) build --build-tests --explicit-target-dependency-import-check error
	scripts/check-schemas
	scripts/run-tests timeout --kill-after=10s $(PATIENCE) scripts/with-test-engine $(SWIFT) test --skip-build --disable-xctest --no-parallel --skip EndToEndTests
	scripts/run-tests timeout --kill-after=10s $(PATIENCE) scripts/with-test-engine $(SWIFT) test --skip-build --disable-xctest --no-parallel --filter EndToEndTests

lint: # The format of the sources
	$(SWIFT) format lint --strict --recursive --parallel Sources Tests Package.swift

differential: packages ## Holds the gateway against its law on 100,000 random requests
	$(SWIFT) build --build-tests
	BERTH_DIFFERENTIAL=100000 $(SWIFT) test --skip-build --disable-xctest --filter LawTests

fuzz: packages ## Feeds the decoder of frames with broken ones for two minutes; its first build takes ten
	@scripts/fuzz

bench-agents: packages ## Measures a controller of 1,000 agents; leave the machine alone for twenty minutes
	@scripts/bench-agents

bench-gateway: packages ## Measures a flip beside nginx and Caddy; leave the machine alone for ten minutes
	@scripts/install-packages bench
	@scripts/bench-gateway

demo: packages ## Shows the whole loop on this machine: push, converge, route, repair
	@scripts/demo

demo-down: ## Removes all that the demo made, and proves that nothing is left
	@scripts/demo-down
