# The two commands of Belay: `make demo` and `make test`. `make help` lists the rest.
.PHONY: help setup demo test haproxy
.DEFAULT_GOAL := help

help: ## What there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

setup: node_modules/.installed ## Install everything, start nothing

node_modules/.installed: package.json package-lock.json
	@# Not `npm ci`: it refuses a lock file without the optional parts for other platforms.
	npm install --no-save --no-audit --no-fund
	@touch $@

haproxy:
	@command -v haproxy >/dev/null || test -x /usr/sbin/haproxy || { \
	  echo "HAProxy is missing: installing it (apt-get install haproxy)"; \
	  if [ "$$(id -u)" = 0 ]; then apt-get update -qq && apt-get install -y -qq haproxy; \
	  else sudo -n apt-get update -qq && sudo -n apt-get install -y -qq haproxy; fi; } || { \
	  echo "HAProxy could not be installed: run 'apt-get install haproxy' (2.6 or newer)"; exit 1; }

demo: setup ## Release v2 (good) and v3 (bad) of a real service, with a live timeline
	@npm run --silent demo

test: setup haproxy ## Lint, types, and every test against real parts
	npm run --silent lint
	npm run --silent types
	npm test
	@if docker compose version >/dev/null 2>&1; then docker compose config --quiet; fi
