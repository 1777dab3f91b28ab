# The front door. `make help` lists what there is.

CARGO ?= cargo
PYTHON ?= python3
# Parity scenarios and contract documents; tests that need them are skipped when the folder is not there.
SHARED ?= ../shared

.DEFAULT_GOAL := help
.PHONY: help run build image test check unit interop interop-k8s parity gen gen-check bench fmt clean

help: ## List the targets
	@grep -E '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-12s %s\n", $$1, $$2}'

run: ## Build and start the server with its data in ./data
	@scripts/need rust cc
	$(CARGO) run --release -p keywright -- server

build: ## Build target/release/keywright
	@scripts/need rust cc
	$(CARGO) build --release -p keywright

image: ## Build the container image target/image/keywright-<version>.oci.tar, without a container engine
	@scripts/need rust cc python musl
	$(PYTHON) scripts/image

test: ## Everything: checks, unit and contract tests, real clients, parity
	@scripts/need rust cc python postgresql go node chromium nginx haproxy caddy
	scripts/test all

check: ## Formatting, lints, layers, generated files
	scripts/test check

unit: ## Unit and contract tests on SQLite and, when it is there, PostgreSQL
	scripts/test unit

interop: ## Real clients and the stories against a running server
	@scripts/need rust cc python go node chromium nginx haproxy caddy
	scripts/test interop

interop-k8s: ## A real kube-apiserver and kubelogin (the first time builds them: half an hour)
	@scripts/need rust cc python go
	scripts/test k8s

parity: ## Recorded exchanges of authentik played against the server
	scripts/test parity

gen: ## Write the generated files anew (schema/)
	$(CARGO) run -q -p xtask -- gen

gen-check: ## Fail when a generated file is stale
	$(CARGO) run -q -p xtask -- gen --check

bench: ## The promises of the README, measured
	$(CARGO) bench -p benches

fmt: ## Format everything
	$(CARGO) fmt --all

clean: ## Remove what was built
	$(CARGO) clean
