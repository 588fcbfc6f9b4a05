# wallprint: the only build file. `make help` lists the targets.
CC      ?= gcc
B       ?= build
CSTD    := -std=c11 -D_GNU_SOURCE
WARN    := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla
OPT     ?= -O2 -g
CFLAGS  += $(CSTD) $(OPT) $(WARN) -Werror -Iengine -MMD -MP -fno-strict-aliasing
LDLIBS  += -lyaml -lcrypto -lz -lzstd -llzma -lpcap -ljemalloc -lm -lpthread

ENGINE  := $(wildcard engine/*.c engine/*/*.c)
OBJ     := $(ENGINE:%.c=$(B)/%.o)
LIBOBJ  := $(filter-out $(B)/engine/main.o,$(OBJ))
UNIT    := $(patsubst tests/unit/%.c,$(B)/tests/%,$(wildcard tests/unit/test_*.c))

all: $(B)/wallprint

$(B)/wallprint: $(OBJ)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -c -o $@ $<

$(B)/tests/%: tests/unit/%.c $(LIBOBJ)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< $(LIBOBJ) $(LDLIBS) -lcmocka

unit: $(UNIT)
	@for t in $(UNIT); do $$t || exit 1; done

-include $(OBJ:.o=.d)
.PHONY: all unit
