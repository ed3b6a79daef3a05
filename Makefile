# The front door. `make help` lists what there is; CI calls nothing else.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

NATIVE_OUT := target/dist
MVN := mvn --batch-mode --no-transfer-progress -f plugin-java/pom.xml
# Quiet where nobody watches; a person sees how far it is.
CARGO_QUIET := $(if $(CI),-q)

# Tests wait more than they compute.
export RUST_TEST_THREADS ?= $(shell expr 4 '*' $$(nproc))

# What the goals need of .ci/packages: looked at once, before anything is built, and no more than that.
NEEDS_packages := rust checks clients databases metrics strace jdk maven zig cross emulation dist
NEEDS_build := rust
NEEDS_demo := rust clients jdk
NEEDS_recording := rust clients jdk
NEEDS_demo-jenkins := rust jdk maven zig cross
NEEDS_double := rust
NEEDS_test := rust clients databases metrics strace jdk maven zig cross emulation
NEEDS_test-rust := rust clients databases metrics strace
NEEDS_test-java := rust clients jdk maven zig cross
NEEDS_test-emulated := rust clients jdk zig cross emulation
NEEDS_test-emulated-quick := rust clients jdk zig cross emulation
NEEDS_native := rust zig cross
NEEDS_hpi := rust jdk maven zig cross
NEEDS_packages-dist := rust zig cross dist
NEEDS_reproducible := rust zig cross dist
NEEDS_attacks := rust clients strace jdk maven
NEEDS_api-check := rust jdk maven
NEEDS_lint := rust checks
NEEDS_site := rust
NEEDS_oldest-rust := rust
NEEDS_faults-build := rust clients
NEEDS_faults := rust clients
NEEDS_faults-quick := rust clients
NEEDS_soak := rust clients
NEEDS_fuzz := rust
NEEDS_fuzz-quick := rust
NEEDS_fuzz-check := rust
NEEDS_bench := rust clients bench
NEEDS_sessions := rust clients bench
NEEDS_fleet := rust
NEEDS := $(sort $(foreach goal,$(MAKECMDGOALS),$(NEEDS_$(goal))))

.PHONY: needs
needs:
	@$(if $(NEEDS),$(if $(filter-out seen,$(NEEDS)),.ci/packages $(NEEDS),:),echo "the Makefile has no NEEDS_ line for $(MAKECMDGOALS)"; exit 1)

.PHONY: help
help: ## What can be made
	@echo "machine-id: short-lived Teleport identities for build agents"
	@echo
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

.PHONY: packages
packages: needs ## Install the Debian packages that tests and demo use (needs root; else says what is missing)

.PHONY: build
build: needs ## Build the library, the command machine-id and the Teleport double
	@echo "== build: the library, the command machine-id and the Teleport double"
	cargo build $(CARGO_QUIET) -p machine-id-jni -p machine-id-cli -p teleport-double

.PHONY: demo
demo: build ## The main job on real input: join, ssh, scp, git, kubectl, the plugin's way
	@tests/demo/run

.PHONY: recording
recording: build ## What the demo prints, in docs/demo.md: plays it and writes the page
	@set -o pipefail; tests/demo/run | tests/demo/record

.PHONY: demo-jenkins
demo-jenkins: needs ## A Jenkins with everything configured, until Ctrl-C (JENKINS_WAR=FILE JENKINS_PLUGINS=DIR)
	@test -n "$(JENKINS_WAR)" -a -n "$(JENKINS_PLUGINS)" || { echo "give JENKINS_WAR=FILE and JENKINS_PLUGINS=DIR"; exit 2; }
	@$(MAKE) --no-print-directory NEEDS=seen build hpi
	@tests/jenkins/run.py --demo

.PHONY: double
double: needs ## Run a Teleport double on loopback; it says what to type next
	cargo build $(CARGO_QUIET) -p machine-id-cli -p teleport-double
	@target/debug/teleport-double --dir target/double --kube kube1 --kube kube2

.PHONY: test
test: test-rust test-java test-emulated test-jenkins test-teleport ## All tests (a real Jenkins: JENKINS_WAR, JENKINS_PLUGINS; a real Teleport: TELEPORT_BIN)

.PHONY: test-rust
test-rust: needs ## Rust: unit, golden and end-to-end tests with real OpenSSH, kubectl, PostgreSQL and MariaDB
	@echo "== test: Rust"
	cargo build $(CARGO_QUIET) -p machine-id-cli -p machine-id-jni -p teleport-double
	MAKEFLAGS= cargo test $(CARGO_QUIET) --workspace --no-fail-fast

.PHONY: native
native: needs ## Release build: library and static helper for each of native/platforms (PLATFORMS="linux-x86_64" for some)
	@.ci/build-native $(NATIVE_OUT)
	@.ci/check-native $(NATIVE_OUT)

.PHONY: test-java
test-java: native ## Java: unit tests, the bridge in a real JVM, the contents of the .hpi
	@echo "== test: Java"
	ROUNDS=1000 COLD_ROUNDS=100 .ci/test-jni
	@MACHINE_ID_TEST_LIB=$(abspath $(NATIVE_OUT))/linux-$(shell uname -m)/libmachine_id.so \
	    .ci/progress "test: the plugin, with Maven" $(MVN) verify -Dmachineid.native.dir=$(abspath $(NATIVE_OUT))

.PHONY: test-emulated
test-emulated: native ## What is built for other processors, under qemu-user: the demo, the library in a JVM of theirs
	@echo "== test: other processors"
	@.ci/test-emulated $(NATIVE_OUT)

# One after the other: both install tools into target/.
.PHONY: test-emulated-quick
test-emulated-quick: native ## The same with what was built without optimisation, in a fraction of the time
	@UNOPTIMISED=1 PLATFORMS="$$(PLATFORMS= .ci/platforms name | grep -v "^linux-$$(uname -m)$$")" \
	    $(MAKE) --no-print-directory NEEDS=seen NATIVE_OUT=target/unoptimised test-emulated

.PHONY: test-jenkins
test-jenkins: ## The plugin in a real Jenkins (JENKINS_WAR=FILE JENKINS_PLUGINS=DIR; skipped without them)
	@tests/jenkins/run.py

.PHONY: test-teleport
test-teleport: ## The end-to-end scenarios on a real Teleport (TELEPORT_BIN=DIR with teleport and tctl; skipped without it)
	@tests/teleport/run

.PHONY: screenshots
screenshots: ## The pictures of docs/images, anew from the browser tests in a real Jenkins (JENKINS_WAR=FILE JENKINS_PLUGINS=DIR)
	@test -n "$(JENKINS_WAR)" -a -n "$(JENKINS_PLUGINS)" || { echo "give JENKINS_WAR=FILE and JENKINS_PLUGINS=DIR"; exit 2; }
	@LONG=1 tests/jenkins/run.py --screenshots

.PHONY: attacks
attacks: needs ## Each attack that once broke in, as a test; prints a table (with JENKINS_WAR, JENKINS_PLUGINS also in a Jenkins)
	@echo "== attacks"
	cargo build $(CARGO_QUIET) -p machine-id-cli -p machine-id-jni -p teleport-double
	@tests/attacks/run

.PHONY: api-check
api-check: needs ## Hold the hand-written Jenkins declarations against real jars (JENKINS_LIB=DIR)
	@test -n "$(JENKINS_LIB)" || { echo "give JENKINS_LIB=DIR with the jars of a real Jenkins"; exit 2; }
	@test -d "$(JENKINS_LIB)" || { echo "JENKINS_LIB=$(JENKINS_LIB) is no folder"; exit 2; }
	@.ci/progress "api-check: the declarations against $(JENKINS_LIB), with Maven" \
	    $(MVN) test -Dmachineid.native.skip -Dtest=ApiCheckTest -Dsurefire.failIfNoSpecifiedTests=false \
	    -Djenkins.lib=$(abspath $(JENKINS_LIB))
	@echo "every declaration and every use was found in $(JENKINS_LIB)"

.PHONY: hpi
hpi: native ## The Jenkins plugin: plugin-java/plugin/target/machine-id.hpi
	@.ci/progress "hpi: packaging the plugin, with Maven" $(MVN) package -DskipTests -Dmachineid.native.dir=$(abspath $(NATIVE_OUT))
	@ls -l plugin-java/plugin/target/machine-id.hpi

.PHONY: packages-dist
packages-dist: native ## What is installed without Jenkins: Debian packages, RPMs, container files, CycloneDX lists, checksums
	@.ci/build-packages $(NATIVE_OUT) target/packages

.PHONY: reproducible
reproducible: needs ## Build the packages of this commit twice, in two folders, and compare them byte by byte (PLATFORMS for some)
	@.ci/check-reproducible

.PHONY: lint
lint: needs ## Formatting, clippy with warnings as errors, dependency rules, scripts
	@echo "== lint"
	cargo fmt --all --check
	cargo clippy $(CARGO_QUIET) --workspace --all-targets -- -D warnings
	.ci/check-rooms
	.ci/check-dependencies

.PHONY: site
site: needs ## The documents as HTML: target/site/index.html; a link that leads nowhere is an error
	@echo "== site"
	@cargo run $(CARGO_QUIET) -p documents --bin site -- target/site

.PHONY: oldest-rust
oldest-rust: needs ## Compile everything with the oldest Rust that Cargo.toml promises
	@.ci/oldest-rust

# Without strace the rows that need it are skipped, and say so.
.PHONY: faults-build
faults-build: needs
	@.ci/packages strace || true
	cargo build $(CARGO_QUIET) -p machine-id-cli -p faults

.PHONY: faults
faults: faults-build ## Kill points, server, disk and process faults, in full; prints a table (30 to 40 minutes)
	@echo "== faults"
	@target/debug/faults

.PHONY: faults-quick
faults-quick: faults-build ## The part of `make faults` that takes two to three minutes
	@echo "== faults: the quick part"
	@target/debug/faults --quick

.PHONY: soak
soak: faults-build ## Leases, rotations and restarts of the cluster with one-minute certificates: MINUTES=10
	@echo "== soak"
	@target/debug/soak --minutes $(or $(MINUTES),10)

.PHONY: fuzz
fuzz: needs ## Every reader of something from outside, on mutated input: SECONDS=600
	@echo "== fuzz"
	@cargo run -q -p fuzz-runner -- $(or $(SECONDS),600)

.PHONY: fuzz-quick
fuzz-quick: SECONDS := 20
fuzz-quick: fuzz ## The same for 20 seconds

# What was built for lint is used again: the same versions, the same profile.
.PHONY: fuzz-check
fuzz-check: needs ## Compile the libFuzzer targets in native/fuzz (stable toolchain, no linking)
	@cp Cargo.lock native/fuzz/Cargo.lock
	cargo check $(CARGO_QUIET) --manifest-path native/fuzz/Cargo.toml --no-default-features --target-dir target

.PHONY: bench
bench: needs ## Benchmarks as ratios in one run (QUICK=1; TBOT, CLUSTER, …: beside a real tbot; JENKINS_WAR: a block in Jenkins)
	cargo build $(CARGO_QUIET) --release -p machine-id-cli -p machine-id-jni -p bench
	target/release/bench $(if $(QUICK),--quick) --json target/bench.json

.PHONY: sessions
sessions: needs ## COUNT=1000 ssh at the same time through one daemon, then the proxy restarted under 100
	cargo build $(CARGO_QUIET) --release -p machine-id-cli -p bench
	target/release/bench --json target/sessions.json sessions $(or $(COUNT),1000)
	target/release/bench --json target/restart.json sessions 100 --restart

.PHONY: fleet
fleet: needs ## A fleet through restarts and outages, and a thousand builds in a minute, simulated: AGENTS=10000
	AGENTS=$(or $(AGENTS),10000) cargo test $(CARGO_QUIET) -p machine-id --lib -- --ignored --nocapture \
		engine::vouched::fleet engine::fleet::fleet

.PHONY: clean
clean: ## Remove what was built
	cargo clean
	-$(MVN) clean
