# Every target is one line that runs Go or a script, so make is optional.
.DEFAULT_GOAL := help
.PHONY: help run test torture bench bench-peers bench-hostile generate migration clients lint docs check build tools

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## start the server on http://127.0.0.1:8080, with the file parley.db
	go run .

test: ## run the tests on SQLite and PostgreSQL, and say which are skipped: make test args='-race ./...'
	scripts/test $(args)

torture: ## look for lost, doubled or misplaced events while servers are killed, for two minutes per database
	scripts/torture

bench: ## measure deliveries beside a bare WebSocket loop and stock gqlgen, for four minutes
	scripts/bench

bench-peers: ## measure requests and deliveries beside Mercurius and the floor, and write a report with charts: make bench-peers args='-rounds 5'
	scripts/bench-peers $(args)

bench-hostile: ## attack a server at full size and measure the effect on other users, for ten minutes
	scripts/bench-hostile

generate: ## regenerate ent's and gqlgen's code
	scripts/generate

migration: ## write the migration from the last schema to this one: make migration name=add_topics
	go run ./internal/store/migrate $(or $(name),$(error give it a name: make migration name=add_topics))

clients: ## install the client libraries that are tested (needs Node)
	scripts/install-clients

lint: ## check the formatting and run the linters
	scripts/lint

docs: ## build the documentation's site in bin/site, and check links
	scripts/check-docs

check: ## run all checks of CI (run make tools first)
	scripts/check

build: ## build the static binary bin/parley
	scripts/build

tools: ## install the linter in bin/
	scripts/install-tools
