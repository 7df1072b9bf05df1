# Targets a person types. Everything that takes more than a line lives in scripts/.
PREFIX ?= /usr/local
DEMO ?= tacit-demo
SWIFT_FOLDERS := $(wildcard Sources Tests Benchmarks Notebooks-as-scripts)
FORMAT := --configuration .swift-format --parallel --recursive Package.swift $(SWIFT_FOLDERS)

.PHONY: help setup build demo test test-integrations test-mpi coverage dependents bench peers kernels notebooks docs format lint install \
  uninstall clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' Makefile

setup: ## install what the build needs (libgmp, sqlite, zlib headers)
	@scripts/setup.sh

build: setup ## the command, optimised, in .build/release/tacit
	swift build -c release -debug-info-format none --product tacit

demo: build ## the whole story on embedded real data, ending in a report
	.build/release/tacit demo --output $(DEMO) --force
	@echo "The report is $(DEMO)/report.html"

test: setup ## every test and every check
	@scripts/test

test-integrations: setup ## the C library from Python; SECTIONS="spark beam postgres" for the engines
	@scripts/test-integrations $(SECTIONS)

test-mpi: setup ## simulations on several ranks, with Open MPI and the trait MPI; times: scripts/check-mpi --measure
	scripts/check-mpi

coverage: ## how often intervals hold the truth, and an audit of released counts; after make test
	scripts/check-coverage

dependents: setup ## link every library product alone, from another package
	scripts/check-dependents --all

bench: setup ## build and run every benchmark
	@scripts/bench

peers: setup ## the benchmarks beside their pinned peers, into Benchmarks/PEERS.md
	@scripts/peers

kernels: ## the C kernels alone: instruction counts, and AArch64 under an emulator (installs both)
	scripts/check-kernels --install

notebooks: setup ## run every notebook and compare it with its committed report
	@scripts/notebooks

docs: setup ## the documentation of every library, in docs-site/
	@scripts/docs

format: ## rewrite the sources in the house style
	swift format format --in-place $(FORMAT)

lint: ## fail when a source is not in the house style
	swift format lint --strict $(FORMAT)

install: build ## binary, completions and man page under PREFIX (default /usr/local)
	scripts/install "$(PREFIX)"

uninstall: ## remove what install put under PREFIX
	scripts/install --remove "$(PREFIX)"

clean: ## remove everything that was built
	rm -rf .build .build-test .build-dependents .build-docs docs-site $(DEMO)
