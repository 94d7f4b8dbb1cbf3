# Everything that is done with this repository. `make` lists it.
# It needs Go, GNU make 4 and access to Go modules, and nothing else.

GO ?= go
# Size of the audience that `make demo` moves.
DEMO_MEMBERS ?= 100000
# Size of the audience of `make bench-memory` and `make bench-refresh`.
BENCH_MEMBERS ?= 1000000
# Size of the audience of `make bench-limits`, and of its batches: what Temporal holds
# depends on how many batches there are, so 100,000 in batches of 10 show the same.
BENCH_LIMITS_MEMBERS ?= 10000000
BENCH_LIMITS_BATCH ?= 1000
# Histories of each kind in `make model`.
MODEL_WORLDS ?= 1000
# Rounds of `make chaos`, and the seed of the first one; so it is with `make faults`.
ROUNDS ?= 100
SEED ?= 1
# Seeds of each fault of `make faults`, and a regular expression that names of faults match: all unless given.
SEEDS ?= 5
FAULT ?=
# How long `make fuzz` works on each target, as -fuzztime of `go test`.
FUZZTIME ?= 10s

# A source tree whose git state cannot be read is built without it.
ifneq ($(shell git log -1 >/dev/null 2>&1 && git status --porcelain >/dev/null 2>&1 && echo ok),ok)
export GOFLAGS := $(strip $(shell $(GO) env GOFLAGS) -buildvcs=false)
endif

# The local Temporal server: the one that the environment names, else the one
# on PATH, else our own.
AUDIENCESYNC_TEMPORAL_CLI ?= $(or $(shell command -v temporal 2>/dev/null),$(CURDIR)/bin/temporal)
export AUDIENCESYNC_TEMPORAL_CLI

# The race detector needs a C compiler with its library.
RACE ?= $(shell test "$$($(GO) env CGO_ENABLED)" = 1 && printf '\043include <stdlib.h>\n' | $$($(GO) env CC) -x c -E - >/dev/null 2>&1 && echo -race)

# SQLite comes as C code that was translated to Go: its pointers are C's, and one
# goroutine at a time runs a connection. To watch it finds no race of ours and
# doubles the time of all tests; nor does it where a passphrase is made into a key, which
# is slow by design. It goes by GOFLAGS because tests build programs.
UNWATCHED = $(foreach package,modernc.org/sqlite/lib modernc.org/libc/... golang.org/x/crypto/blowfish,'-gcflags=$(package)=-race=false -d=checkptr=0')
# Tests of a package at the same time: many wait for a server, or for time to pass.
PARALLEL ?= 4
# What vet finds, make lint finds too.
TEST_FLAGS = GOFLAGS="$$($(GO) env GOFLAGS) $(UNWATCHED)"

# The tests of the ledger in PostgreSQL start a server of their own, if there is one
# to start; AUDIENCESYNC_TEST_POSTGRES names another one, or says "required".
POSTGRES = $(AUDIENCESYNC_TEST_POSTGRES)$(shell command -v initdb)$(wildcard /usr/lib/postgresql/*/bin/initdb)
NO_POSTGRES = SKIPPED: PostgreSQL is not installed, so the ledger is tested on SQLite only

# Tools are for this machine, whatever the product is built for.
BUILD_TOOL = GOOS= GOARCH= $(GO) build -trimpath
MODULES = . tools/compose tools/healthcheck tools/lint tools/sbom tools/temporal
# The product is built without C, whose compilers differ from machine to machine.
BUILD = CGO_ENABLED=0 $(GO) build -trimpath
LINT_TOOLS = bin/gofumpt bin/golangci-lint bin/govulncheck bin/workflowcheck

.DEFAULT_GOAL := help
.PHONY: help build reproducible sbom tools temporal lint-tools fmt lint vuln tidy-check compose-check \
	axe test test-short model fuzz conformance chaos faults demo bench-limits bench-memory bench-refresh bench-mapping bench-rate \
	replay-record pictures cli schema clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

build: ## Build bin/audiencesync and bin/audiencesync-worker
	$(BUILD) -o bin/audiencesync ./starter
	$(BUILD) -o bin/audiencesync-worker ./worker

reproducible: ## Build the newest commit twice, in two clones, and compare the programs byte by byte
	GO='$(GO)' tools/reproducible.sh

sbom: build bin/cyclonedx-gomod ## Write what the programs are made of, as CycloneDX, beside them
	@for program in audiencesync audiencesync-worker; do \
		bin/cyclonedx-gomod bin -json -std -licenses -noserial -notimestamp -output bin/$$program.cdx.json bin/$$program || exit 1; \
		echo "bin/$$program.cdx.json: $$(grep -c '"purl"' bin/$$program.cdx.json) components"; \
	done

demo: build temporal ## Move DEMO_MEMBERS (100,000) simulated members through a local Temporal server
	bin/audiencesync demo --members $(DEMO_MEMBERS)

# The report's page is tested in Chromium, if it is there, and with axe-core, which
# npm fetches; AUDIENCESYNC_TEST_CHROMIUM=required makes a failure of what is missing.
axe: tools/axe/node_modules ## Fetch the checker of accessibility, for the tests of the report's page (needs npm)

tools/axe/node_modules: tools/axe/package-lock.json tools/axe/package.json
	cd tools/axe && npm ci
	@touch $@

test: temporal ## Run all tests: unit, replay, integration, end to end
	@race='$(RACE)'; \
	if [ -n "$$race" ]; then echo "testing with the race detector"; \
	else echo "testing without the race detector, which needs a C compiler"; fi; \
	echo "$(if $(POSTGRES),the ledger is tested on SQLite and on PostgreSQL,$(NO_POSTGRES))"; \
	echo "$(GO) test $$race -vet=off -shuffle=on -count=1 -parallel $(PARALLEL) -timeout 20m ./..."; \
	$(TEST_FLAGS) $(GO) test $$race -vet=off -shuffle=on -count=1 -parallel $(PARALLEL) -timeout 20m ./...
	$(if $(POSTGRES),,@echo "$(NO_POSTGRES)")

test-short: temporal ## Run the tests that take seconds
	$(GO) test -short -shuffle=on -timeout 10m ./...

model: ## Run MODEL_WORLDS (1,000) random histories of each kind against the model
	$(TEST_FLAGS) $(GO) test $(RACE) -count=1 -timeout 6h -run '^TestWhatever' -v ./test/model -rapid.checks=$(MODEL_WORLDS)

# The targets are those that `go test` lists, so that a new one takes part by itself.
# Inputs that reach new code are kept as they are: making them shorter takes more time
# than finding them.
fuzz: ## Run every fuzz target for FUZZTIME (10s), one after the other
	@listed="$$($(GO) test -short -list '^Fuzz' ./... 2>&1)" || { printf '%s\n' "$$listed"; exit 1; }; \
	targets="$$(printf '%s\n' "$$listed" | awk ' \
		/^Fuzz/ { names[++n] = $$1 } \
		/^ok / { for (i = 1; i <= n; i++) print $$2, names[i]; n = 0 }')"; \
	test -n "$$targets" || { echo "there are no fuzz targets"; exit 1; }; \
	printf '%s\n' "$$targets" | while read -r package target; do \
		output="$$($(GO) test -short -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x "$$package" 2>&1 </dev/null)" || \
			{ printf '%s\n%s %s FAILED\n' "$$output" "$$package" "$$target"; exit 1; }; \
		printf '%s\n' "$$output" | awk -v name="$$package $$target" ' \
			sub(/^.* gathering baseline coverage: /, "") { known = $$1 } \
			sub(/^.* execs: /, "") { executions = $$1 } \
			END { printf "%-75s %12d executions%s\n", name, executions, \
				executions ? "" : ": the time was over after " known " known inputs, give a longer FUZZTIME" }'; \
	done

# A row of the table is a line of the test; of the others, those that tell of a failure are shown.
conformance: temporal ## Run the same audience against every plausible Hello Charles, and print what came of it
	@$(GO) test -count=1 -timeout 20m -run '^TestConformance$$' -v ./test/integration 2>&1 | awk ' \
		BEGIN { printf "%-34s %-12s %6s %8s %8s %11s %9s\n", "workspace", "verdict", "taken", "invalid", "refused", "unresolved", "requests" } \
		/: row: / { sub(/^.*: row: /, ""); print; rows++; next } \
		/^=== |^ *--- PASS|^PASS/ { next } \
		/^ok / { passed = 1; printf "%d workspaces, none with a report that is not true\n", rows; next } \
		{ print } \
		END { exit !(passed && rows) }'

chaos: temporal ## Kill processes in the middle of ROUNDS (100) runs, from SEED (1) on, and print whether every promise was kept
	@$(GO) build -o bin/chaos ./test/chaos
	@bin/chaos --rounds $(ROUNDS) --seed $(SEED)

faults: temporal ## Let everything go wrong on the way of a run, SEEDS (5) times each, and print the matrix of what came of it
	@$(GO) build -o bin/faults ./test/faults
	@bin/faults --seeds $(SEEDS) --seed $(SEED) --only '$(FAULT)'

bench-memory: temporal ## Print the worker's peak memory, the history per batch and the ledger's size for BENCH_MEMBERS (1,000,000)
	@$(GO) build -o bin/bench-memory ./bench/memory
	@bin/bench-memory --members $(BENCH_MEMBERS)

bench-refresh: temporal ## Print what refreshes of BENCH_MEMBERS (1,000,000) send, and take against the first run
	@$(GO) build -o bin/bench-refresh ./bench/refresh
	@bin/bench-refresh --members $(BENCH_MEMBERS)

bench-limits: temporal ## Print how far BENCH_LIMITS_MEMBERS (10,000,000) in batches of BENCH_LIMITS_BATCH (1,000) stay below Temporal's limits
	@$(GO) build -o bin/bench-limits ./bench/limits
	@bin/bench-limits --members $(BENCH_LIMITS_MEMBERS) --batch $(BENCH_LIMITS_BATCH)

bench-mapping: ## Print what mapping a member costs, against plain encoding/json
	@$(GO) build -o bin/bench-mapping ./bench/mapping
	@bin/bench-mapping

bench-rate: temporal ## Print how exactly 3 workers and 3 syncs share a limit of 10 requests per second
	@$(GO) build -o bin/bench-rate ./bench/rate
	@bin/bench-rate

pictures: temporal ## Make the pictures of Temporal's web UI that stand in the documents (needs Chromium)
	$(GO) run ./test/pictures

replay-record: temporal ## Record new histories for the replay tests
	AUDIENCESYNC_RECORD_HISTORIES=1 $(GO) test -count=1 -run '^TestRecordHistories$$' ./test/integration

cli: ## Write docs/cli.md, docs/json.md and the help texts that tests expect
	$(GO) test ./starter -count=1 -run '^(TestTheCommandLineIsDocumentedInStep|TestWhatCommandsPrintAsJSONIsDocumentedInStep|TestEveryVerbExplainsItself)$$' -update

schema: ## Write the JSON Schemas of the settings files
	$(GO) run ./internal/config/schemagen

fmt: bin/golangci-lint ## Format the Go code
	bin/golangci-lint fmt ./...
	cd tools/compose && ../../bin/golangci-lint fmt ./...
	cd tools/healthcheck && ../../bin/golangci-lint fmt ./...

lint: bin/gofumpt bin/golangci-lint bin/workflowcheck ## Check format, code, layers and that workflows are deterministic
	@unformatted="$$(bin/gofumpt -l .)"; \
	if [ -n "$$unformatted" ]; then echo "not formatted, run make fmt:"; echo "$$unformatted"; exit 1; fi
	bin/golangci-lint run ./...
	cd tools/compose && ../../bin/golangci-lint run ./...
	cd tools/healthcheck && ../../bin/golangci-lint run ./...
	@findings="$$(bin/workflowcheck -config tools/lint/workflowcheck.yaml -show-pos ./... 2>&1)" || \
		{ echo "not deterministic (the first levels of each finding):"; \
		printf '%s\n' "$$findings" | grep -v '^          '; exit 1; }

vuln: bin/govulncheck ## Look for known vulnerabilities in what the code calls
	@status=0; output="$$(bin/govulncheck ./... 2>&1)" || status=$$?; \
	printf '%s\n' "$$output"; \
	case "$$status $$output" in \
	"0 "*) ;; \
	*"fetching vulnerabilities"*) echo "SKIPPED: the vulnerability database cannot be reached, nothing was checked" ;; \
	*) exit $$status ;; \
	esac

tidy-check: ## Check that go.mod and go.sum of every module are in step
	@for module in $(MODULES); do \
		$(GO) -C $$module mod tidy -diff || { echo "run: go -C $$module mod tidy"; exit 1; }; \
	done

compose-check: ## Check docker-compose.yml, without a Docker engine
	$(GO) -C tools/compose test -count=1 ./...
	$(GO) -C tools/compose run . ../../docker-compose.yml

tools: temporal lint-tools bin/cyclonedx-gomod ## Build the tools that tools/ pins

lint-tools: $(LINT_TOOLS) ## Build the linters

temporal: ## Build the local Temporal server, unless there is a `temporal` on PATH
	@test -x "$(AUDIENCESYNC_TEMPORAL_CLI)" || { \
		echo "AUDIENCESYNC_TEMPORAL_CLI names $(AUDIENCESYNC_TEMPORAL_CLI), which is no program" >&2; exit 1; }

ifeq ($(AUDIENCESYNC_TEMPORAL_CLI),$(CURDIR)/bin/temporal)
temporal: bin/temporal
endif

bin/temporal: tools/temporal/go.mod tools/temporal/go.sum
	@echo "building the Temporal server (about 3 minutes, once)…"
	@version="$$($(GO) -C tools/temporal list -m -f '{{.Version}}' github.com/temporalio/cli)" && \
	cd tools/temporal && $(BUILD_TOOL) -o ../../$@ \
		-ldflags "-s -w -X github.com/temporalio/cli/temporalcli.Version=$${version#v}" \
		github.com/temporalio/cli/cmd/temporal
	@touch $@

bin/gofumpt: package = mvdan.cc/gofumpt
bin/golangci-lint: package = github.com/golangci/golangci-lint/v2/cmd/golangci-lint
bin/govulncheck: package = golang.org/x/vuln/cmd/govulncheck
bin/workflowcheck: package = go.temporal.io/sdk/contrib/tools/workflowcheck
$(LINT_TOOLS): tools/lint/go.mod tools/lint/go.sum
	cd tools/lint && $(BUILD_TOOL) -o ../../$@ $(package)
	@touch $@

bin/cyclonedx-gomod: tools/sbom/go.mod tools/sbom/go.sum
	cd tools/sbom && $(BUILD_TOOL) -o ../../$@ github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod
	@touch $@

clean: ## Remove what was built
	rm -rf bin tools/axe/node_modules
