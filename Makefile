# Every command of the project. `make help` lists them.

.DEFAULT_GOAL := help

# The Functions that `make run` starts, and for how long (FOR=15s; without it until Ctrl-C).
samples := manifests/samples
FUNCTION ?= $(samples)/publisher.yaml $(samples)/subscriber.yaml $(samples)/publisher-grpc.yaml $(samples)/subscriber-grpc.yaml
FOR ?=
IMAGE ?= dapr-proxy:0.1.0
NODE_IMAGE ?= node:24-bookworm-slim

sources := $(shell find src -type f -not -name '*.test.ts' 2>/dev/null)

.PHONY: help build run test check golden fuzz soak crash bench bench-controller interop e2e e2e-smoke e2e-campaign e2e-tools e2e-shell parity image clean

help: ## list what there is
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# What is installed and built is remembered by a file, so that a second call does neither again.
node_modules/.installed: package.json package-lock.json
	npm ci
	@touch $@

dist/.built: node_modules/.installed build.mjs tsconfig.json tsconfig.build.json $(sources)
	node build.mjs
	@touch $@

build: dist/.built ## compile to dist/

run: build ## run Functions on this machine: FUNCTION=file.yaml FOR=15s
	@node dist/local/main.js run $(FUNCTION) $(if $(FOR),--for $(FOR))

test: build ## every test that needs Node alone
	npx vitest run

check: node_modules/.installed ## lint, format and types
	npx biome ci .
	npx tsc --noEmit

golden: node_modules/.installed ## write the expected children of test/golden anew
	npx vitest run test/golden -u

fuzz: node_modules/.installed ## any bytes into all that parses them: FOR=cases TARGET= SEED= MISSED=1 INPUT=hex; HELP=1 says more
	@node --import tsx test/fuzz/main.ts $(if $(HELP),--help) $(if $(FOR),--for $(FOR)) $(if $(TARGET),--target '$(TARGET)') \
	  $(if $(SEED),--seed $(SEED)) $(if $(INPUT),--input $(INPUT)) $(if $(MISSED),--missed)

soak: build ## millions of events while replicas are killed and slow: FOR=events PROTOCOL= HELD=bytes ATTACK=ms; HELP=1 says more
	@node --import tsx test/soak/main.ts $(if $(HELP),--help) $(if $(FOR),--for $(FOR)) $(if $(PROTOCOL),--protocol $(PROTOCOL)) $(if $(HELD),--held $(HELD)) $(if $(ATTACK),--attack $(ATTACK))

crash: build ## replicas that are killed, fail or are slow: what is lost, tried again and shared: KILLS=1000 FOR=seconds
	@node --import tsx test/integration/crash/main.ts $(or $(KILLS),1000) $(or $(FOR),60)

bench: build ## what an event costs beside nginx and haproxy, and is each handled once: FOR=quick|baseline PROXY=other/dist/proxy/main.js
	@node --import tsx test/bench/main.ts $(if $(FOR),--for $(FOR))

bench-controller: build ## what an answer of the webhook costs, by the size of the question: SYNCS=100000
	@node --import tsx test/bench/controller/main.ts $(if $(SYNCS),--syncs $(SYNCS))

interop: build ## h2spec, grpc-go, grpc-js, gRPC in Python and nghttp2 through the proxy, every byte compared: PROXY=other/dist/proxy/main.js SEED=
	@node --import tsx test/interop/main.ts

# The suites below need Linux, root and Go, and install the Debian packages that they miss (test/e2e/README.md).
e2e_run := node --import tsx test/e2e/main.ts

e2e: build ## the product against a real control plane, Metacontroller, daprd and brokers: PROFILE=daprd-1.16 SCENARIOS=
	@$(e2e_run) $(or $(SCENARIOS),all)

e2e-smoke: build ## the short form of it, the check of every change
	@$(e2e_run) smoke

e2e-campaign: build ## the long form of it; writes its figures to test/e2e/FIGURES.md
	@$(e2e_run) campaign

e2e-tools: node_modules/.installed ## build the counterparts into .cache
	@node --import tsx test/e2e/tools/build.ts

parity: build e2e-tools ## the same events through a real daprd with and without the proxy have the same outcomes
	npx vitest run test/parity

e2e-shell: build ## leave a cluster with the product running, and say what to try
	@$(e2e_run) shell

image: ## build the container image: IMAGE= NODE_IMAGE=
	docker build --build-arg NODE_IMAGE=$(NODE_IMAGE) -t $(IMAGE) .

clean: ## remove what was built and installed
	rm -rf dist node_modules .cache
