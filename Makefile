# `make test` installs what is missing and passes everything. `make lint` is what CI adds.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.PHONY: test lint tools rust python c examples

test: tools rust python c examples

# Real servers and clients that the tests talk to. A missing one fails the run: nothing is skipped in silence.
APT := openssh-server openssh-client curl nginx-light tftp-hpa tftpd-hpa atftp vsftpd inetutils-telnetd lftp valgrind gcc g++ binutils python3-venv python3-paramiko genisoimage rpm squashfs-tools zip u-boot-tools openssl
tools:
	@missing=(); for p in $(APT); do dpkg -s $$p >/dev/null 2>&1 || missing+=($$p); done; \
	if [ $${#missing[@]} -gt 0 ]; then \
	  if [ "$$(id -u)" = 0 ]; then \
	    policy=/usr/sbin/policy-rc.d; own=0; \
	    if [ ! -e $$policy ]; then printf '#!/bin/sh\nexit 101\n' > $$policy; chmod +x $$policy; own=1; fi; \
	    apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$${missing[@]}"; \
	    [ $$own = 0 ] || rm -f $$policy; \
	  else echo "missing packages: $${missing[*]} (install them, or run as root)" >&2; exit 1; fi; fi

rust:
	cargo test --workspace
	cargo test --workspace --test corpus -- --nocapture

VENV := .venv
$(VENV)/bin/maturin:
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install -q maturin pytest mypy

python: $(VENV)/bin/maturin
	cargo build --workspace --example sim_fleet --example upgrade_fleet
	VIRTUAL_ENV=$(CURDIR)/$(VENV) $(VENV)/bin/maturin develop -q -m swim-py/Cargo.toml
	$(VENV)/bin/pytest -q swim-py/tests
	cd swim-py && ../$(VENV)/bin/mypy && ../$(VENV)/bin/python -m mypy.stubtest swim
	$(VENV)/bin/mypy --strict examples/python examples/run.py
	MYPYPATH=swim-py/tests $(VENV)/bin/mypy --strict swim-py/tests/conftest.py swim-py/tests/test_live.py swim-py/tests/test_secrets.py swim-py/tests/test_transfers.py swim-py/tests/test_peers.py swim-py/tests/peers.py swim-py/tests/test_repository.py swim-py/tests/test_examples.py swim-py/tests/test_values.py swim-py/tests/rust.py swim-py/tests/vendor.py

c:
	swim-capi/tests/run.sh

# The same upgrade from Python and from C.
examples: $(VENV)/bin/maturin
	cargo build --workspace --lib --example sim_fleet
	VIRTUAL_ENV=$(CURDIR)/$(VENV) $(VENV)/bin/maturin develop -q -m swim-py/Cargo.toml
	$(VENV)/bin/python examples/run.py

lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps
