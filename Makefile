# The only build file. `make help` lists the targets.
#
# One archive per folder of pdp/, bottom-up in LAYERS. A program or test links the archives at or below its
# folder, each once, from the top down and never grouped: a call upwards does not link.

SHELL := /bin/bash
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

# Parallel by itself; an explicit -j wins.
ifeq ($(filter -j%,$(MAKEFLAGS)),)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 2)
endif
MAKEFLAGS += --output-sync=target

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
OPT ?= -O2
CPPFLAGS_ALL := -D_GNU_SOURCE -Iinclude -Ipdp $(CPPFLAGS)
CFLAGS_ALL := -std=c11 $(OPT) -g $(WARN) $(HARDEN) $(SAN_FLAGS) $(CFLAGS)
LDFLAGS_ALL := -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed $(SAN_FLAGS) $(LDFLAGS)

# ---- layers ---------------------------------------------------------------------------------------------------
# Bottom-up. Siblings that ignore each other are kept apart by tests/checks/layers.
LAYERS := base crypto cedar state decide proto server daemon tools
# What a folder's own code needs of the system; programs and tests link the sum at or below their folder.
LIBS_base :=
LIBS_crypto := -lcrypto
LIBS_server := -levent_core -levent_pthreads -lssl -lcrypto
LIBS_daemon := -lyaml

# Folders that exist, so that the house grows room by room.
FOLDERS := $(foreach l,$(LAYERS),$(if $(wildcard pdp/$(l)/*.c),$(l)))
archive = $(BUILD)/lib/libskm_$(1).a
reverse = $(if $(1),$(call reverse,$(wordlist 2,$(words $(1)),$(1))) $(firstword $(1)))
# Folders at or below $(1), top-down.
below_ = $(if $(1),$(firstword $(1)) $(if $(filter $(2),$(firstword $(1))),,$(call below_,$(wordlist 2,$(words $(1)),$(1)),$(2))))
below = $(filter $(FOLDERS),$(call reverse,$(strip $(call below_,$(LAYERS),$(1)))))
# tools does not use daemon and the other way round: neither links the other.
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

# tests/fuzz/fuzz_<surface>.c defines LLVMFuzzerTestOneInput. Seeds are replayed by every test run; `make fuzz` searches.
FUZZ_SOURCES := $(wildcard tests/fuzz/fuzz_*.c)
FUZZ_REPLAYS := $(patsubst tests/fuzz/fuzz_%.c,$(BUILD)/fuzz-replay/%,$(FUZZ_SOURCES))
FUZZ_TOP := $(if $(filter daemon,$(FOLDERS)),daemon,tools)

$(BUILD)/fuzz-replay/%: $(BUILD)/obj/tests/fuzz/fuzz_%.o $(BUILD)/obj/tests/fuzz/replay.o $(call archives_for,$(FUZZ_TOP))
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ $(call libs_for,$(FUZZ_TOP)) -lpthread

.PHONY: tests
tests: all $(UNIT_PROGRAMS) $(FUZZ_REPLAYS)

.PHONY: unit
unit: $(UNIT_PROGRAMS) $(FUZZ_REPLAYS)
	$(Q)$(PYTHON) tests/harness/run.py --build $(BUILD) --only unit,fuzz


.PHONY: test
test: tests
	$(Q)$(PYTHON) tests/harness/run.py --build $(BUILD)

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
