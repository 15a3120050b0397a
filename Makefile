# `make run` and `make test` do all set-up by themselves, see scripts/.
.PHONY: run test torture fresh lint bench fmt build clean screenshots
.DEFAULT_GOAL := build

# Builds Nova, starts it with the examples on http://127.0.0.1:9000, serves until Ctrl-C.
run: build
	@scripts/install-deps runtimes
	@scripts/run $(ARGS)

# The product: one binary, the console in it.
build:
	@scripts/install-deps build
	@scripts/ui build
	@bash -c '. scripts/env.sh && cargo build --release --bin nova && echo "$$CARGO_TARGET_DIR/release/nova"'

# Every test with a small budget.
test:
	@scripts/test $(ARGS)

# The long suites with their full budgets: make torture [SUITE=name].
torture:
	@scripts/torture $(SUITE)

# `make test` and `make run` on a new Debian root.
fresh:
	@scripts/fresh

lint:
	@scripts/lint

# One table of ratios, measured side by side.
bench: build
	@scripts/bench $(ARGS)

# The console's screenshots in docs/img, taken anew.
screenshots: build
	@scripts/ui screenshots

fmt:
	@cargo fmt --all

clean:
	@bash -c '. scripts/env.sh && cargo clean'
