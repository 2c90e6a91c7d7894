# SPDX-License-Identifier: MIT
# A thin front for Meson and ninja: each target first installs the packages that it needs (scripts/install-deps), then asks them.
#
#   make                          build/borelog, build/libborelog.so, ...
#   make demo                     record something real and show what was recorded
#   make check [SUITES="unit .."] all tests; the last line is "N passed, N failed, N skipped"
#   make bench                    measure, side by side with the peers
#   make lab                      a Xen host in QEMU, with a shell in its dom0: lab/README.md
#   make lint                     licences, man pages, scripts
#   make install [DESTDIR=] [PREFIX=/usr/local]
#   make clean                    remove the build folder

BUILD ?= build
PREFIX ?= /usr/local
DESTDIR ?=
SUITES ?=
MESON_FLAGS ?=

.PHONY: all demo check bench lab lint install clean deps-build deps-demo deps-check deps-bench deps-lab

# Begins a configuration, or goes on with one that was cut off or is to be done again because packages came in.
configure = @test -f $(BUILD)/build.ninja || meson setup $(BUILD) --prefix=$(PREFIX) $(MESON_FLAGS) \
	$(if $(wildcard $(BUILD)/meson-private/coredata.dat),--reconfigure)

all: deps-build
	$(configure)
	@ninja -C $(BUILD)

deps-build deps-demo deps-check deps-bench deps-lab:
	@scripts/install-deps --forget $(BUILD)/build.ninja $(@:deps-%=%)

demo: deps-demo
	$(configure)
	@ninja -C $(BUILD)
	@scripts/demo $(BUILD)

check: deps-check
	$(configure)
	@ninja -C $(BUILD)
	@scripts/check $(BUILD) $(SUITES)

bench: deps-bench
	$(configure)
	@ninja -C $(BUILD)
	@bench/run $(BUILD)

lab: all deps-lab
	@lab/shell $(BUILD)

lint: deps-check
	@scripts/lint

install: all
	$(if $(filter command% environment%,$(origin PREFIX)),@meson configure $(BUILD) -Dprefix=$(PREFIX))
	@meson install -C $(BUILD) --destdir "$(DESTDIR)"

clean:
	rm -rf $(BUILD)
