# Sourced by scripts/compare-requests and scripts/compare-live, with the folder of the comparison as lab: what both need to run
# Parley beside another server on the same data.
# shellcheck shell=bash

export PARLEY_JWT_SECRET='only for measuring, on this machine alone'
# The load comes from one address, by few users.
export PARLEY_RATE_MUTATIONS=off PARLEY_RATE_CONNECTIONS=off PARLEY_RATE_SUBSCRIPTIONS=off PARLEY_RATE_QUERIES=off
url=http://127.0.0.1:8127
work=$(mktemp -d)
pid=
trap 'down; rm -rf "$work"' EXIT

psql() { command psql --quiet --no-psqlrc --host 127.0.0.1 --port 55433 --username postgres --set ON_ERROR_STOP=1 "$@"; }
postgres() { echo "postgres://postgres@127.0.0.1:55433/$1?sslmode=disable"; }

up() { # up BINARY DATABASE_URL
	DATABASE_URL=$2 PARLEY_ADDR=${url#http://} PARLEY_LOG_LEVEL=warn "$1" >"$work/log" 2>&1 &
	pid=$!
	for _ in $(seq 100); do
		curl --silent --fail --output /dev/null "$url/readyz" && return
		sleep 0.1
	done
	cat "$work/log" >&2
	exit 1
}

down() {
	if [ -n "$pid" ]; then
		kill "$pid" && wait "$pid" || true
		pid=
	fi
}

# seed makes a database with Parley's tables and the data of the other servers.
seed() { # seed BINARY DATABASE
	psql --dbname postgres --command "drop database if exists $2 with (force)" --command "create database $2 template chat_seed"
	psql --dbname "$2" --command 'alter schema public rename to peer' --command 'create schema public'
	up "$1" "$(postgres "$2")"
	down
	psql --dbname "$2" --file bench/peers/seed.sql
}

# fresh makes parley_run a copy of a database.
fresh() { # fresh DATABASE
	psql --dbname postgres --command 'drop database if exists parley_run with (force)' \
		--command "create database parley_run template $1 strategy file_copy" --command checkpoint
}

# pairs prints the rows of a query, two words a line.
pairs() { # pairs DATABASE QUERY
	psql --dbname "$1" --no-align --tuples-only --field-separator ' ' --command "$2"
}

# load runs the load generator and appends its measurement to $OUT.
load() { # load ROUND TEST MODE FLAGS…
	local round=$1 test=$2 mode=$3
	shift 3
	nice -n -10 "$lab/loadgen/loadgen" "$mode" -pid "server=$pid" -pid "pg=$(head -1 "$lab/pg/data/postmaster.pid")+" \
		-tags "round=$round,test=$test" -out "$OUT" "$@" >/dev/null
}
