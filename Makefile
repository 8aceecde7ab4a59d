# The two commands of Belay: `make demo` and `make test`. `make help` lists the rest.
.PHONY: help setup demo test programs
.DEFAULT_GOAL := help

help: ## What there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

setup: node_modules/.installed ## Install everything, start nothing

node_modules/.installed: package.json package-lock.json
	@# Not `npm ci`: it refuses a lock file without the optional parts for other platforms.
	npm install --no-save --no-audit --no-fund
	@touch $@

programs: ## What the tests drive: HAProxy, Prometheus and PostgreSQL, installed where they are missing
	@missing=; \
	command -v haproxy >/dev/null || test -x /usr/sbin/haproxy || missing="$$missing haproxy"; \
	command -v prometheus >/dev/null || missing="$$missing prometheus"; \
	command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || \
	  missing="$$missing postgresql"; \
	test -z "$$missing" || { \
	  echo "Installing what is missing:$$missing"; \
	  if [ "$$(id -u)" = 0 ]; then root=; else root="sudo -n"; fi; \
	  case "$$missing" in *postgresql*) : "The tests start servers of their own."; \
	    test -e /etc/postgresql-common/createcluster.d/belay.conf || \
	    { $$root mkdir -p /etc/postgresql-common/createcluster.d && \
	      echo "create_main_cluster = false" | \
	      $$root tee /etc/postgresql-common/createcluster.d/belay.conf >/dev/null; };; esac && \
	  $$root apt-get update -qq && \
	    $$root apt-get install -y -qq --no-install-recommends $$missing; } || { \
	  echo "The tests need$$missing, which could not be installed here. As root, run:"; \
	  echo "  apt-get install$$missing"; \
	  echo "(HAProxy 2.6 or newer; the programs may also simply be on PATH)"; exit 1; }

demo: setup ## Release v2 (good) and v3 (bad) of a real service; STRATEGY=canary, rolling or ab for others; SCENARIO=page
	@npm run --silent demo

test: setup programs ## Lint, types, and every test against real parts
	npm run --silent lint
	npm run --silent types
	@# Two at a time: those with a real server wait for real time and go first; those that skip
	@# time, or need none, take what they leave of the processors.
	@$(MAKE) --jobs=2 --no-print-directory test-real test-rest
	@if docker compose version >/dev/null 2>&1; then docker compose config --quiet; fi

.PHONY: test-real test-rest
test-real: # Files of test/integration
	@npm test --silent -- --project integration
test-rest: # All others
	@npm test --silent -- --project provider
	@nice -n 10 npm test --silent -- --project unit --project workflow
