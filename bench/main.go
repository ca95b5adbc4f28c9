// Command bench measures what a live message costs a server, and prints tables: Parley beside
// gqlgen's own transport (stock), a server on Mercurius (bench/peers/mercurius), and a loop that
// only writes prepared frames with the same WebSocket library (bare); messages of Parley with their
// deliveries, beside the same messages without subscribers; and the memory of idle subscriptions.
// With -postgres Parley runs on PostgreSQL, whose CPU time is in the tables, too. With -report it also
// writes the comparison with Mercurius and with the bare server to a page in Markdown.
//
// Each server is a separate process, which separates its CPU time and memory from those of this
// process, which has the client sockets and sends the messages. The servers are measured in turns
// within one run: on a busy machine, compare the ratios instead of the absolute figures.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"time"
)

// options say what a run measures, and how much.
type options struct {
	kinds       []kind
	rounds      int
	subscribers int
	// length is the duration of a case, and rate the number of messages per second.
	length          time.Duration
	oneRoom, spread float64
	idle            int
	stalled         []kind
	profile         string
	only            string
	statements      bool
	requests        bool
	report          string
	// database is Parley's database. run sets it if postgres is set.
	postgres bool
	database *database
}

func main() {
	ctx := context.Background() //nolint:forbidigo // main's own
	if len(os.Args) > 1 && os.Args[1] == serveRole {
		if err := serve(ctx, os.Args[2:], os.Stdin, os.Stdout); err != nil {
			fail(err)
		}
		return
	}
	if runtime.GOOS != "linux" {
		fail(
			fmt.Errorf(
				"it reads the memory of processes from /proc and does not run on %s",
				runtime.GOOS,
			),
		)
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	if err := run(ctx, flags(), os.Stdout); err != nil {
		stop()
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "bench:", err)
	os.Exit(1)
}

func flags() options {
	var o options
	kinds := flag.String(
		"servers",
		"bare,stock,parley",
		"what to measure, separated by commas; ratios need bare",
	)
	stalled := flag.String(
		"stalled",
		"parley",
		"which servers to stall a reader of, separated by commas; empty for none",
	)
	flag.IntVar(
		&o.rounds,
		"rounds",
		3,
		"how often each case is measured; the table has the medians",
	)
	flag.IntVar(
		&o.subscribers,
		"subscribers",
		1000,
		"subscribers of the one room, and rooms of one subscriber; at most 1,000",
	)
	flag.DurationVar(&o.length, "length", 1500*time.Millisecond, "how long a case is measured")
	flag.Float64Var(&o.oneRoom, "rate", 20, "messages a second to the one room")
	flag.Float64Var(&o.spread, "spread-rate", 500, "messages a second to the many rooms, in turn")
	flag.IntVar(
		&o.idle,
		"idle",
		5000,
		"subscriptions for the memory of an idle one; 0 leaves it out",
	)
	flag.StringVar(&o.only, "only", "", "measure only the cases whose name contains this")
	flag.StringVar(
		&o.profile,
		"profile",
		"",
		"write profiles of Parley with plain fields to files of this prefix: -one.cpu, -many.cpu and -idle-1.heap, -idle-10.heap; their cost is in the figures",
	)
	flag.BoolVar(
		&o.statements,
		"statements",
		false,
		"print each SQL statement of Parley in the measured cases, and how often it ran",
	)
	flag.BoolVar(
		&o.requests,
		"requests",
		false,
		"measure requests over HTTP, too, with the servers that execute operations",
	)
	flag.BoolVar(
		&o.postgres,
		"postgres",
		false,
		"run Parley on a PostgreSQL that is started for it, not on SQLite",
	)
	flag.StringVar(
		&o.report,
		"report",
		"",
		"also write the tables of docs/performance.md, and the machine, to this file; it needs all of bare, parley and mercurius",
	)
	flag.Parse()
	o.kinds, o.stalled = parseKinds(*kinds), parseKinds(*stalled)
	for _, k := range []kind{bare, parley, mercurius} {
		if o.report != "" && !slices.Contains(o.kinds, k) {
			fail(fmt.Errorf("-report needs -servers with %s", k))
		}
	}
	o.subscribers = min(o.subscribers, maxMembers)
	return o
}

func parseKinds(list string) []kind {
	var kinds []kind
	for name := range strings.SplitSeq(list, ",") {
		if name == "" {
			continue
		}
		if k := kind(name); slices.Contains([]kind{bare, stock, parley, mercurius, sqlite}, k) {
			kinds = append(kinds, k)
		} else {
			fail(
				fmt.Errorf(
					"there is no server %q: they are bare, stock, parley, mercurius and sqlite",
					name,
				),
			)
		}
	}
	return kinds
}
