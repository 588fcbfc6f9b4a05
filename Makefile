# wallprint: the only build file. `make help` lists the targets.
#
#   B=build        where everything is built     CC=clang       another compiler (give it its own B)
#   V=1            show the commands             T=60           seconds for `make fuzz`, name for `make unit`
#   ROOMS="base"   only these rooms of engine/   SAN=address    sanitizers (jemalloc is then left out)

ifeq ($(origin CC),default)
CC      := gcc
endif
B       ?= build
# Under AddressSanitizer -O1: to compile takes half as long, and a run no longer than with -O2.
OPT     ?= $(if $(filter address%,$(SAN)),-O1,-O2) -g
WERROR  ?= -Werror
HARDEN  ?= -fstack-protector-strong -D_FORTIFY_SOURCE=2
ROOMS   ?= $(patsubst engine/%/,%,$(wildcard engine/*/))
GOLDEN  ?= $(wildcard tests/golden/*/*.pcap tests/golden/*/*.pcapng)

WARN    := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla
# An enum's constant beside a double is what we mean; clang 19 would have it cast.
WARN    += -Wno-enum-float-conversion
FLAGS   := -std=c11 -D_GNU_SOURCE $(OPT) $(WARN) $(WERROR) -fno-strict-aliasing -Iengine -Itests
LINK    := -Wl,--as-needed
LIBS    := -lcap-ng -lseccomp -lyaml -lcrypto -lz -lzstd -llzma -ljson-c -lcsv -lmaxminddb -lpcap -lm -lpthread
# Linked from their archives where Debian's -dev packages have them: loading and relocating the shared ones costs 2 of 15 ms of a
# one-packet run (bench/README.md). An update of those packages wants a new build.
NAMES   := cap-ng seccomp yaml crypto z zstd lzma json-c csv maxminddb jemalloc_pic
# The filter of live capture (bpf/) wants clang and bpftool when it is built, and libbpf. Without them the program captures through
# libpcap alone, and says so.
BPFTOOL := $(firstword $(wildcard /usr/sbin/bpftool) $(shell command -v bpftool))
BPF     := $(and $(shell command -v clang),$(BPFTOOL),$(wildcard /usr/include/bpf/libbpf.h),yes)
ifeq ($(BPF),yes)
LIBS    := -lbpf -lelf $(LIBS)
# From elfutils 0.192 on (Debian 13) libelf.a wants a part that no package has: there the shared one serves.
ifeq ($(shell nm $$($(CC) -print-file-name=libelf.a) 2>/dev/null | grep -c eu_search_tree_init),0)
NAMES   := bpf elf $(NAMES)
else
NAMES   := bpf $(NAMES)
ELFSO   := -lelf
endif
endif
ARCHIVE := $(filter /%,$(foreach n,$(NAMES),$(shell $(CC) -print-file-name=lib$(n).a)))
ifdef SAN
# Every report ends the program, so that a test sees it. The sanitizers bring their own malloc. Their checks stand between gcc and what it
# would know of values, and make it warn of harmless code: the two plain builds are where warnings count.
FLAGS   := $(filter-out -Werror -Wconversion,$(FLAGS))
FLAGS   += -fsanitize=$(SAN) -fno-sanitize-recover=undefined -fno-omit-frame-pointer
LINK    += -fsanitize=$(SAN)
else
FLAGS   += $(HARDEN)
ifeq ($(words $(ARCHIVE)),$(words $(NAMES)))
LIBS    := $(ARCHIVE) $(ELFSO) -lpcap -lm -lpthread
# libcrypto's tables hold 18,000 addresses: packed, they are 475 KB less to read at each start. glibc knows how from 2.36 on (Debian 12).
LINK    += -Wl,-z,pack-relative-relocs -static-libgcc
else
LIBS    += -ljemalloc
endif
endif
ifdef COVERAGE
FLAGS   += -fprofile-instr-generate -fcoverage-mapping
LINK    += -fprofile-instr-generate
endif
FLAGS   += $(CFLAGS)

# With ROOMS given, the files above the rooms stay out too: good for unit tests while another room is in pieces.
ENGINE  := $(wildcard $(if $(filter file,$(origin ROOMS)),engine/*.c) $(ROOMS:%=engine/%/*.c))
OBJ     := $(patsubst %.c,$(B)/%.o,$(filter-out engine/sig_maker.c,$(ENGINE))) $(if $(filter engine/match/sig_known.c,$(ENGINE)),$(B)/signatures.o)
LIB     := $(B)/libwallprint.a
UNIT    := $(sort $(wildcard tests/unit/test_*.c))
HELP    := $(filter-out $(UNIT),$(wildcard tests/unit/*.c))
FUZZ    := $(sort $(wildcard tests/fuzz/fuzz_*.c))
UNITBIN := $(UNIT:tests/unit/%.c=$(B)/tests/%)
FUZZBIN := $(FUZZ:tests/fuzz/%.c=$(B)/%)
ROOMBIN := $(patsubst %.c,$(B)/%,$(wildcard bench/bench_*.c))
HELPOBJ := $(HELP:%.c=$(B)/%.o)

Q       := $(if $(V),,@)
say      = @printf '%-5s %s\n' $(1) $(2)

all: $(B)/wallprint ## build build/wallprint (the default)

# --- what a person types ---

demo: setup-run ## install what is missing, build, and say what happened in the captures that ship
	$(Q)$(MAKE) --no-print-directory all
	$(if $(GOLDEN),,$(error no captures in tests/golden: an incomplete checkout))
	$(Q)$(B)/wallprint replay $(GOLDEN)

test: setup-test ## install what tests need, run every check; the last line counts them
	$(Q)MAKE="$(MAKE)" tests/run

setup-run: ## install the Debian packages the program needs (nothing to do: no output)
	$(Q)tests/check/setup run

setup-test: ## the same for the tests
	$(Q)tests/check/setup run test

setup-lab: ## the same for the testbed that makes captures (tests/lab)
	$(Q)tests/check/setup lab

help: ## this list
	@awk -F ':[^#]*## ' '/^[a-z%-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

clean: ## remove build/
	rm -rf build

# --- parts of `make test` ---

unit: $(if $(T),$(B)/tests/$(T),unit-bin) ## unit tests only; T=test_rst runs one program
	$(Q)tests/run unit $(if $(T),$(B)/tests/$(T),$(UNITBIN))

unit-bin: $(UNITBIN) $(B)/wallprint-forbidden

objects: $(OBJ) $(B)/engine/sig_maker.o $(UNIT:%.c=$(B)/%.o) $(HELPOBJ) ## compile only

script: all $(B)/wallprint-forbidden ## golden cases and the other scripts tests/*/*.test
	$(Q)tests/run script

ASAN    := B=build/asan SAN=address,undefined
asan: ## unit tests and scripts under AddressSanitizer and UBSan
	$(Q)$(MAKE) --no-print-directory -k $(ASAN) all unit-bin
	$(Q)B=build/asan tests/run unit script

tsan: ## what threads share, under ThreadSanitizer
	$(Q)$(MAKE) --no-print-directory -k B=build/tsan SAN=thread build/tsan/wallprint
	$(Q)tests/run tsan

clang: ## compile everything with clang
	$(Q)$(MAKE) --no-print-directory -k B=build/clang CC=clang objects

lint: ## rooms, banned functions, format, cppcheck, scripts, generated docs
	-$(Q)$(MAKE) --no-print-directory -k objects >/dev/null
	$(Q)tests/run lint

tidy: ## clang-tidy over engine/
	$(Q)printf '%s\n' $(ENGINE) | xargs -P2 -I{} clang-tidy --quiet --warnings-as-errors='*' {} -- $(filter-out -W%,$(FLAGS))

cppcheck: ## cppcheck over engine/
	$(Q)tests/check/cppcheck

format-check: ## does clang-format agree with the files?
	$(Q)tests/check/format

format: ## let clang-format rewrite the files named in F="..."
	$(Q)clang-format -i $(F)

docs: ## write docs/FEATURES.md and docs/LIMITS.md from the sources
	$(Q)tests/check/docs write

fuzz: fuzz-bin ## fuzz all targets, T seconds in all (60)
	$(Q)tests/check/fuzz $(or $(T),60)

fuzz-bin:
	$(Q)$(MAKE) --no-print-directory -k B=build/fuzz CC=clang SAN=fuzzer-no-link,address,undefined COVERAGE=1 fuzzers

fuzz-%: fuzz-bin ## fuzz one target: make fuzz-dns_read T=60
	$(Q)tests/check/fuzz $(or $(T),60) $*

cov: fuzz-bin ## lines of its file that each fuzz target's inputs reach; fails below 80 %
	$(Q)tests/check/fuzz-cover

fuzzers: $(FUZZBIN)

lab: all setup-lab ## docs/LAB.md: every technique over N seeds beside its innocent twin (root); N=5, MINUTES=25 to stop, JOBS=6
	$(Q)tests/lab/lab table --n $(or $(N),5) --minutes $(or $(MINUTES),0) --jobs $(or $(JOBS),6) --keep --page docs/LAB.md

soak: all setup-lab ## docs/SOAK.md: `live` at each tap under mixed load (root); MINUTES=30
	$(Q)tests/lab/soak --minutes $(or $(MINUTES),30) --page docs/SOAK.md

lab-device: all setup-lab ## N devices that nobody has described, by real connections: one device each, and a draft signature (root); N=4
	$(Q)tests/lab/unknown $(or $(N),4)

confusion: all ## docs/LAB.md and docs/CONFUSION.md again from the captures that `make lab N=...` left in build/lab (same N)
	$(Q)tests/lab/lab table --n $(or $(N),5) --again --page docs/LAB.md

bench: all $(B)/bench/gen $(B)/bench/bare ## CPU time beside a bare libpcap loop (bench/README.md), under 2 minutes
	$(Q)bench/bench -B $(B)

bench-peers: all $(B)/bench/gen $(B)/bench/bare ## the same beside tcpdump, tshark, ndpiReader, p0f and argus, some minutes
	$(Q)tests/check/setup peers
	$(Q)bench/peers -B $(B)

bench-instr: all $(B)/bench/gen $(B)/bench/bare ## instructions per packet under valgrind; writes bench/instructions.txt
	$(Q)bench/instr-check -B $(B) --cc $(CC) --record

bench-rooms: $(ROOMBIN) $(B)/bench/gen ## what one thing costs in each room, in ns
	$(Q)bench/bench -B $(B) --rooms

bench-bpf: $(B)/bench/tap_cost ## nanoseconds that a packet which is not chosen costs in the kernel (root)
	$(Q)$(B)/bench/tap_cost

bench-host: all $(B)/bench/pour ## what a listener at each tap costs the host's own traffic, beside libpcap (root, idle machine, minutes)
	$(Q)bench/host -B $(B)

fresh: ## both commands in a clean chroot of this Debian (root, network); S=trixie for another
	$(Q)tests/check/fresh $(or $(S),bookworm)

# --- how things are made ---

$(B)/wallprint: $(OBJ)
	$(call say,LD,$@)
	$(Q)$(CC) $(FLAGS) $(LINK) $(LDFLAGS) -o $@ $^ $(LIBS)

# The shipped signatures, read and checked now (engine/match/sig_known.h). Folders are named for the files that go.
$(B)/sig_maker: $(B)/engine/sig_maker.o $(patsubst %.c,$(B)/%.o,$(filter engine/base/% engine/evidence/% engine/match/%,$(ENGINE)))
	$(call say,LD,$@)
	$(Q)$(CC) $(FLAGS) $(LINK) $(LDFLAGS) -o $@ $^ $(LIBS)
$(B)/signatures.c: $(B)/sig_maker $(shell find signatures -name '*.yaml' -o -type d)
	$(call say,SIG,$@)
	$(Q)LLVM_PROFILE_FILE=/dev/null $< signatures > $@
$(B)/signatures.o: $(B)/signatures.c
	$(call say,CC,$<)
	$(Q)$(CC) $(FLAGS) -c -o $@ $<

# The same with a parser that tries what it may not, and with a clock that can be set (tests/cli/live.test).
$(B)/wallprint-forbidden: $(B)/tests/cli/forbidden.o $(B)/tests/cli/set_clock.o $(OBJ)
	$(call say,LD,$@)
	$(Q)$(CC) $(FLAGS) $(LINK) $(LDFLAGS) -Wl,--wrap=live_orders_next,--wrap=clock_gettime -o $@ $^ $(LIBS)

# The kernel's part of live capture: the program, and the header through which source/tap.c loads it.
MULTI   := $(notdir $(patsubst %/asm,%,$(firstword $(wildcard /usr/include/*-linux-gnu/asm))))
BPFCC   := clang -O2 -g -Wall -Wextra -Werror -target bpf -mcpu=v3 -I/usr/include/$(MULTI) -Ibpf
$(B)/bpf/tap.bpf.o: bpf/tap.bpf.c
$(B)/bpf/tap_cost.bpf.o: bench/tap_cost.bpf.c bpf/tap.bpf.c
$(B)/bpf/pour.bpf.o: bench/pour.bpf.c
$(B)/bpf/%.bpf.o: $(wildcard bpf/*.h)
	$(call say,BPF,$(firstword $(filter %.c,$^)))
	@mkdir -p $(@D)
	$(Q)$(BPFCC) -c -o $@ $(firstword $(filter %.c,$^))
$(B)/bpf/%.skel.h: $(B)/bpf/%.bpf.o
	$(Q)$(BPFTOOL) gen skeleton $< name $(SKEL_$*) > $@
SKEL_tap := tap_bpf
SKEL_tap_cost := tap_cost
SKEL_pour := pour
ifeq ($(BPF),yes)
$(B)/engine/source/tap.o: FLAGS += -DWALLPRINT_BPF -isystem bpf -isystem $(B)/bpf
$(B)/engine/source/tap.o: $(B)/bpf/tap.skel.h
endif

# An archive, so that a unit test links only the files it uses, and one room that does not link fails alone.
LIBOBJ  := $(filter-out $(B)/engine/main.o,$(OBJ))
$(LIB): $(LIBOBJ) $(B)/members
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $(LIBOBJ)

$(B)/tests/test_%: $(B)/tests/unit/test_%.o $(HELPOBJ) $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(FLAGS) $(LINK) $(LDFLAGS) -o $@ $^ $(LIBS) -lcmocka

$(B)/fuzz_%: $(B)/tests/fuzz/fuzz_%.o $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(FLAGS) $(LINK) -fsanitize=fuzzer -o $@ $^ $(LIBS)

$(B)/bench/tap_cost.o $(B)/bench/pour.o: FLAGS += -isystem $(B)/bpf
$(B)/bench/tap_cost.o: $(B)/bpf/tap_cost.skel.h
$(B)/bench/pour.o: $(B)/bpf/pour.skel.h
$(B)/bench/tap_cost: $(B)/bench/tap_cost.o
$(B)/bench/pour: $(B)/bench/pour.o
$(B)/bench/gen: $(B)/bench/gen.o $(B)/bench/packet.o
$(B)/bench/bare: $(B)/bench/bare.o
$(B)/bench/gen $(B)/bench/bare $(B)/bench/tap_cost $(B)/bench/pour:
	$(call say,LD,$@)
	$(Q)$(CC) $(FLAGS) $(LINK) $(LDFLAGS) -o $@ $^ $(LIBS)

$(B)/bench/bench_%: $(B)/bench/bench_%.o $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(FLAGS) $(LINK) $(LDFLAGS) -o $@ $^ $(LIBS)

# libFuzzer's entry point is declared in no header.
$(B)/tests/fuzz/%.o: FLAGS += -Wno-missing-prototypes

$(B)/%.o: %.c $(B)/flags
	$(call say,CC,$<)
	@mkdir -p $(@D) $(B)/tests
	$(Q)$(CC) $(FLAGS) -MMD -MP -c -o $@ $<

# Two notes that change only when the compiler and its flags, or the list of files, do; then what rests on them is built again.
remember = @mkdir -p $(@D); echo '$(1)' | cmp -s - $@ || echo '$(1)' > $@
$(B)/flags: FORCE
	$(call remember,$(CC) $(FLAGS) $(LINK) bpf:$(BPF))
$(B)/members: FORCE
	$(call remember,$(LIBOBJ))

-include $(OBJ:.o=.d) $(B)/engine/sig_maker.d $(wildcard $(B)/bench/*.d) $(UNIT:%.c=$(B)/%.d) $(HELPOBJ:.o=.d) $(FUZZ:%.c=$(B)/%.d)

FORCE:
.SECONDARY:
.DELETE_ON_ERROR:
.PHONY: tsan soak lab-device all demo docs test setup-run setup-test setup-lab help clean unit unit-bin objects script asan clang lint tidy cppcheck \
	format-check format fuzz fuzz-bin cov fuzzers fresh lab confusion bench bench-peers bench-instr bench-bpf bench-host bench-rooms FORCE
