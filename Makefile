# The only build file. `make help` lists the targets.
#
# One archive per folder of pdp/, bottom-up in LAYERS. A program or test links the archives at or below its
# folder, each once, from the top down and never grouped: a call upwards does not link.

SHELL := /bin/bash
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules

# Parallel by itself; an explicit -j wins, and a make within make shares the outer one's jobs.
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 2)
endif
# By line: compilers do not mix, and long recipes show what they do.
MAKEFLAGS += --output-sync=line

comma := ,
CC ?= gcc
ifeq ($(origin CC),default)
CC := gcc
endif
AR ?= ar
PYTHON ?= /usr/bin/python3
V ?=
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' '$(1)' '$(2)';)

# SAN=address,undefined | thread: a build of its own beside the plain one.
SAN ?=
BUILD ?= build$(if $(SAN),/san/$(subst $(comma),-,$(SAN)))
PREFIX ?= /usr/local
DESTDIR ?=

# ---- packages (Debian 12) -------------------------------------------------------------------------------------
DEPS_BUILD := gcc libc6-dev pkg-config libssl-dev libevent-dev libyaml-dev
DEPS_TEST := libcmocka-dev libjansson-dev python3 python3-pytest python3-yaml nginx-light curl openssl \
	clang libclang-rt-14-dev llvm valgrind
DEPS_BENCH := wrk
DEPS := $(DEPS_BUILD) $(DEPS_TEST)

# ---- flags ----------------------------------------------------------------------------------------------------
IS_CLANG := $(findstring clang,$(shell $(CC) --version 2>/dev/null | head -n 1))
WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-qual -Wcast-align \
	-Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wwrite-strings \
	-Wundef -Wformat=2 -Wvla -Wimplicit-fallthrough -Wnull-dereference -Wdouble-promotion -Werror
ifeq ($(IS_CLANG),)
WARN += -Wlogical-op -Wduplicated-cond -Wduplicated-branches
endif
HARDEN := -fstack-protector-strong -fstack-clash-protection -fcf-protection=full -fPIE \
	-fvisibility=hidden -fno-common $(if $(SAN),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
ifneq ($(SAN),)
SAN_FLAGS := -fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all -DSKM_SANITIZED
# Null-dereference analysis follows impossible paths through the instrumentation.
WARN += -Wno-null-dereference
endif
# -O3 loads entities 5 to 10 % faster than -O2 (bench/README.md); sanitizers are happier with less.
OPT ?= $(if $(SAN),-O2,-O3)
ifeq ($(OPT)$(IS_CLANG),-O3)
# gcc 12 sees overflows in loops it vectorised itself.
WARN += -Wno-stringop-overflow
endif
CPPFLAGS_ALL := -D_GNU_SOURCE -Iinclude -Ipdp $(CPPFLAGS)
CFLAGS_ALL := -std=c11 $(OPT) -g $(WARN) $(HARDEN) $(SAN_FLAGS) $(CFLAGS)
LDFLAGS_ALL := -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed $(SAN_FLAGS) $(LDFLAGS)

# ---- layers ---------------------------------------------------------------------------------------------------
# Bottom-up. Siblings that ignore each other are kept apart by tests/checks/layers.
LAYERS := base crypto cedar engine state decide proto server daemon tools
# What a folder's own code needs of the system; programs and tests link the sum at or below their folder.
LIBS_base := -lyaml
LIBS_crypto := -lcrypto
LIBS_server := -levent_core -levent_pthreads -lssl -lcrypto

# Folders that exist, so that the house grows room by room.
FOLDERS := $(foreach l,$(LAYERS),$(if $(wildcard pdp/$(l)/*.c),$(l)))
archive = $(BUILD)/lib/libskm_$(1).a
reverse = $(if $(1),$(call reverse,$(wordlist 2,$(words $(1)),$(1))) $(firstword $(1)))
# Folders at or below $(1), top-down.
below_ = $(if $(1),$(firstword $(1)) $(if $(filter $(2),$(firstword $(1))),,$(call below_,$(wordlist 2,$(words $(1)),$(1)),$(2))))
below = $(filter $(FOLDERS),$(call reverse,$(strip $(call below_,$(LAYERS),$(1)))))
# tools and daemon are siblings: neither links the other.
archives_for = $(foreach l,$(filter-out $(if $(filter tools,$(1)),daemon),$(call below,$(1))),$(call archive,$(l)))
libs_for = $(foreach l,$(filter-out $(if $(filter tools,$(1)),daemon),$(call below,$(1))),$(LIBS_$(l)))

obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
MAINS := pdp/daemon/main.c pdp/tools/main.c
folder_sources = $(filter-out $(MAINS),$(wildcard pdp/$(1)/*.c))

PROGRAMS := $(if $(wildcard pdp/daemon/main.c),$(BUILD)/bin/sekimorid) $(if $(wildcard pdp/tools/main.c),$(BUILD)/bin/sekimori)

.PHONY: all
all: $(PROGRAMS) $(foreach l,$(FOLDERS),$(call archive,$(l)))

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c $< -o $@

define archive_rule
$(call archive,$(1)): $(call obj,$(call folder_sources,$(1)))
	@mkdir -p $$(@D)
	$$(call say,AR,$$@)rm -f $$@; $(AR) rcs $$@ $$^
endef
$(foreach l,$(FOLDERS),$(eval $(call archive_rule,$(l))))

$(BUILD)/bin/sekimorid: $(call obj,pdp/daemon/main.c) $(call archives_for,daemon)
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ $(call libs_for,daemon) -lpthread

$(BUILD)/bin/sekimori: $(call obj,pdp/tools/main.c) $(call archives_for,tools)
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ $(call libs_for,tools) -lpthread

# ---- tests ----------------------------------------------------------------------------------------------------
# tests/unit/<folder>/test_<file>.c links the archives at or below <folder>, and the harness.
UNIT_SOURCES := $(wildcard tests/unit/*/test_*.c)
UNIT_PROGRAMS := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(UNIT_SOURCES))
HARNESS_SOURCES := $(wildcard tests/harness/*.c)
HARNESS := $(if $(HARNESS_SOURCES),$(BUILD)/lib/libskm_harness.a)

$(BUILD)/obj/tests/%.o: CPPFLAGS_ALL += -Itests

ifneq ($(HARNESS),)
$(HARNESS): $(call obj,$(HARNESS_SOURCES))
	@mkdir -p $(@D)
	$(call say,AR,$@)rm -f $@; $(AR) rcs $@ $^
endif

define unit_rule
$(BUILD)/tests/$(1)/test_%: $(BUILD)/obj/tests/unit/$(1)/test_%.o $(HARNESS) $(call archives_for,$(1))
	@mkdir -p $$(@D)
	$$(call say,LD,$$@)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $$@ $$^ $(call libs_for,$(1)) -lcmocka -ljansson -lpthread
endef
$(foreach l,$(LAYERS),$(eval $(call unit_rule,$(l))))

# tests/integration/<name>.c: programs that a pytest of the same folder runs.
PROBES := $(patsubst tests/integration/%.c,$(BUILD)/tests/integration/%,$(wildcard tests/integration/*.c))
$(BUILD)/tests/integration/%: $(BUILD)/obj/tests/integration/%.o $(call archives_for,daemon)
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ $(call libs_for,daemon) -lpthread

# tests/fuzz/fuzz_<surface>.c defines LLVMFuzzerTestOneInput. Seeds are replayed by every test run; `make fuzz` searches.
FUZZ_SOURCES := $(wildcard tests/fuzz/fuzz_*.c)
FUZZ_REPLAYS := $(patsubst tests/fuzz/fuzz_%.c,$(BUILD)/fuzz-replay/%,$(FUZZ_SOURCES))
FUZZ_TOP := $(if $(filter daemon,$(FOLDERS)),daemon,tools)

$(BUILD)/fuzz-replay/%: $(BUILD)/obj/tests/fuzz/fuzz_%.o $(BUILD)/obj/tests/fuzz/replay.o $(call archives_for,$(FUZZ_TOP))
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ $(call libs_for,$(FUZZ_TOP)) -lpthread

.PHONY: tests
tests: all $(UNIT_PROGRAMS) $(PROBES) $(FUZZ_REPLAYS)

.PHONY: unit
unit: $(UNIT_PROGRAMS) $(FUZZ_REPLAYS)
	$(Q)$(PYTHON) tests/harness/run.py --build $(BUILD) --only unit,fuzz


.PHONY: test
test: tests
	$(Q)$(PYTHON) tests/harness/run.py --build $(BUILD)

# What a change must pass: everything plain, then what runs in our own processes once more under sanitizers.
# With SAN= given, that one build only. Each pass adds its counts to one tally, whose sum is the last line.
TALLY := build/check.tally
.PHONY: check
check: deps
	$(Q)mkdir -p build && rm -f $(TALLY)
ifeq ($(SAN),)
	$(Q)$(MAKE) --no-print-directory all tests
	$(Q)$(MAKE) --no-print-directory SAN=address,undefined all tests
	$(Q)status=0; \
	  $(PYTHON) tests/harness/run.py --build $(BUILD) --tally $(TALLY) || status=1; \
	  echo '-- again with address and undefined-behaviour sanitizers'; \
	  $(PYTHON) tests/harness/run.py --build build/san/address-undefined --only unit,fuzz,integration,conformance \
	    --tally $(TALLY) || status=1; exit $$status
else
	$(Q)$(MAKE) --no-print-directory all tests
	$(Q)$(PYTHON) tests/harness/run.py --build $(BUILD) --tally $(TALLY)
endif

# check, then the slow ones: valgrind over the conformance run, clang, each fuzzer for FUZZ_SECONDS.
FUZZ_SECONDS ?= 600
.PHONY: check-long
check-long: check
	$(Q)$(MAKE) --no-print-directory BUILD=build/clang CC=clang all tests
	$(Q)$(PYTHON) tests/harness/run.py --build build/clang --only unit,fuzz
	$(Q)$(MAKE) --no-print-directory valgrind
	$(Q)for t in $(FUZZ_NAMES); do $(MAKE) --no-print-directory fuzz T=$$t FUZZ_SECONDS=$(FUZZ_SECONDS) || exit 1; done

.PHONY: valgrind
valgrind: all
	$(Q)SKM_VALGRIND='valgrind --quiet --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite' \
	  tests/conformance/cedar/check

# Against the reference implementation, where cargo is: make differential [SEED=n] [CASES=n]
PEER := bench/peers/cedar-rust/target/release/cedar-rust-peer
SEED ?= $(shell date +%s)
CASES ?= 20000
.PHONY: differential
differential: all
	$(Q)if ! command -v cargo >/dev/null; then echo 'differential: skipped, cargo is not installed'; exit 0; fi; \
	  cargo build --quiet --release --locked --manifest-path bench/peers/cedar-rust/Cargo.toml && \
	  $(PYTHON) tests/differential/run.py --ours $(BUILD)/bin/sekimori --theirs $(PEER) --seed $(SEED) --cases $(CASES)

# make fuzz T=cedar_text [FUZZ_SECONDS=60]: libFuzzer with sanitizers; findings land in build/fuzz/T.
FUZZ_NAMES := $(patsubst tests/fuzz/fuzz_%.c,%,$(FUZZ_SOURCES))
FUZZ_FLAGS := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
.PHONY: fuzz
fuzz:
	$(Q)if [ -z "$(T)" ]; then echo "usage: make fuzz T=surface; surfaces: $(FUZZ_NAMES)"; exit 2; fi
	$(Q)$(MAKE) --no-print-directory CC=clang BUILD=build/fuzz OPT=-O1 CFLAGS='$(FUZZ_FLAGS) -DSKM_SANITIZED' \
	  HARDEN='-fPIE -fvisibility=hidden' WARN=-w build/fuzz/bin/fuzz_$(T)
	$(Q)mkdir -p build/fuzz/corpus/$(T) build/fuzz/findings
	$(Q)build/fuzz/bin/fuzz_$(T) -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
	  -artifact_prefix=build/fuzz/findings/$(T)- build/fuzz/corpus/$(T) tests/fuzz/corpus/$(T)

$(BUILD)/bin/fuzz_%: $(BUILD)/obj/tests/fuzz/fuzz_%.o $(call archives_for,$(FUZZ_TOP))
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) -fsanitize=fuzzer,address,undefined -o $@ $^ \
	  $(call libs_for,$(FUZZ_TOP)) -lpthread

# ---- demo, benchmarks -----------------------------------------------------------------------------------------
.PHONY: demo
demo: deps
	$(Q)$(MAKE) --no-print-directory all
	$(Q)$(PYTHON) demo/demo.py --build $(BUILD)

BENCH_SOURCES := $(wildcard bench/bench_*.c)
BENCH_PROGRAMS := $(patsubst bench/%.c,$(BUILD)/bench/%,$(BENCH_SOURCES))
$(BUILD)/bench/%: $(BUILD)/obj/bench/%.o $(call archives_for,$(FUZZ_TOP))
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ $(call libs_for,$(FUZZ_TOP)) -lpthread

.PHONY: bench
bench: deps
	$(Q)$(MAKE) --no-print-directory deps-bench
	$(Q)$(MAKE) --no-print-directory all $(BENCH_PROGRAMS)
	$(Q)$(PYTHON) bench/run.py --build $(BUILD) --out build/bench.json

# ---- packages -------------------------------------------------------------------------------------------------
# Installs what is missing, as root or through sudo. Debian starts freshly installed services at once; a policy
# file (invoke-rc.d's own mechanism) keeps nginx from listening on this machine just because we test with it.
.PHONY: deps deps-bench
deps: WANTED = $(DEPS)
deps-bench: WANTED = $(DEPS_BENCH)
deps deps-bench:
	@missing=$$(for p in $(WANTED); do \
	    [ "$$(dpkg-query -W -f='$${Status}' $$p 2>/dev/null)" = 'install ok installed' ] || echo $$p; done); \
	  [ -z "$$missing" ] && exit 0; \
	  command -v apt-get >/dev/null || { echo "deps: this is not a Debian system; needed: $(WANTED)"; exit 1; }; \
	  as_root=; if [ "$$(id -u)" != 0 ]; then as_root=sudo; \
	    command -v sudo >/dev/null || { echo "deps: needs root or sudo to install:" $$missing; exit 1; }; fi; \
	  echo "  DEPS    installing:" $$missing; \
	  policy=; if [ ! -e /usr/sbin/policy-rc.d ]; then policy=1; \
	    printf '#!/bin/sh\nexit 101\n' | $$as_root tee /usr/sbin/policy-rc.d >/dev/null; \
	    $$as_root chmod 755 /usr/sbin/policy-rc.d; fi; \
	  log=$$(mktemp); status=0; \
	  { $$as_root apt-get update -q && $$as_root env DEBIAN_FRONTEND=noninteractive \
	    apt-get install -q -y --no-install-recommends $$missing; } >$$log 2>&1 || status=$$?; \
	  [ -z "$$policy" ] || $$as_root rm -f /usr/sbin/policy-rc.d; \
	  [ $$status = 0 ] || tail -n 30 $$log; rm -f $$log; exit $$status

# ---- installing -----------------------------------------------------------------------------------------------
.PHONY: install uninstall
install: all
	install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/include/sekimori \
	  $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/man/man5 $(DESTDIR)$(PREFIX)/share/man/man8 \
	  $(DESTDIR)$(PREFIX)/share/doc/sekimori $(DESTDIR)$(PREFIX)/lib/systemd/system
	install -m 755 $(BUILD)/bin/sekimorid $(DESTDIR)$(PREFIX)/sbin/
	install -m 755 $(BUILD)/bin/sekimori $(DESTDIR)$(PREFIX)/bin/
	install -m 644 include/sekimori/*.h $(DESTDIR)$(PREFIX)/include/sekimori/
	for s in 1 5 8; do for m in man/*.$$s; do [ -e $$m ] && install -m 644 $$m $(DESTDIR)$(PREFIX)/share/man/man$$s/; done; done
	install -m 644 README.md ARCHITECTURE.md SECURITY.md CHANGELOG.md LICENSE $(DESTDIR)$(PREFIX)/share/doc/sekimori/
	sed 's|@PREFIX@|$(PREFIX)|g' packaging/sekimorid.service > $(DESTDIR)$(PREFIX)/lib/systemd/system/sekimorid.service
	install -d $(DESTDIR)$(PREFIX)/share/sekimori/schemas
	install -m 644 packaging/schemas/*.schema.json $(DESTDIR)$(PREFIX)/share/sekimori/schemas/
	$(BUILD)/bin/sekimorid --print-defaults=schema > $(DESTDIR)$(PREFIX)/share/sekimori/schemas/sekimori.schema.json
	install -m 644 packaging/sekimori.yaml $(DESTDIR)$(PREFIX)/share/doc/sekimori/sekimori.yaml.example
	install -m 644 packaging/schema.cedarschema $(DESTDIR)$(PREFIX)/share/doc/sekimori/

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/sbin/sekimorid $(DESTDIR)$(PREFIX)/bin/sekimori \
	  $(DESTDIR)$(PREFIX)/lib/systemd/system/sekimorid.service
	rm -rf $(DESTDIR)$(PREFIX)/include/sekimori $(DESTDIR)$(PREFIX)/share/doc/sekimori $(DESTDIR)$(PREFIX)/share/sekimori
	for m in man/*.[158]; do rm -f $(DESTDIR)$(PREFIX)/share/man/man$${m##*.}/$${m##*/}; done

# ---- housekeeping ---------------------------------------------------------------------------------------------
C_FILES = $(shell git ls-files '*.c' '*.h')
.PHONY: fmt tidy cov clean help
fmt:
	$(Q)clang-format -i $(C_FILES)

tidy:
	$(Q)clang-tidy --quiet $(filter pdp/%.c,$(C_FILES)) -- $(CPPFLAGS_ALL) -std=c11

cov:
	$(Q)$(MAKE) --no-print-directory BUILD=build/cov OPT=-O0 CFLAGS=--coverage LDFLAGS=--coverage all tests
	$(Q)$(PYTHON) tests/harness/run.py --build build/cov --only unit,fuzz,conformance
	$(Q)cd build/cov && find obj/pdp -name '*.gcda' | xargs gcov -r -n 2>/dev/null | \
	  awk "/^File 'pdp/{f=\$$2} /^Lines/{if(f){print f, \$$2; f=\"\"}}" | sort

clean:
	rm -rf build

help:
	@printf '%s\n' 'make            build everything into build/' \
	  'make deps       install the Debian packages needed (root or sudo)' \
	  'make check      deps, build, all tests; again under sanitizers; ends with `N passed, N failed`' \
	  'make check-long check, clang build, valgrind, every fuzzer (FUZZ_SECONDS=600 each)' \
	  'make demo       a living scene: PDP and nginx on loopback, real requests, each decision explained' \
	  'make unit       unit tests and fuzz seeds only;  make test: every test of this build' \
	  'make bench      benchmarks; table on stdout, build/bench.json' \
	  'make differential SEED=n CASES=n   against the reference implementation (needs cargo)' \
	  'make fuzz T=x   libFuzzer on one surface ($(FUZZ_NAMES))' \
	  'make install    DESTDIR= PREFIX=/usr/local;  make uninstall' \
	  'make fmt tidy cov clean' \
	  'SAN=address,undefined or SAN=thread, CC=clang, V=1 (show commands), OPT=-O3'

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
