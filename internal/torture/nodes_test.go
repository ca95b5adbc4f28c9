package torture_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"parley/internal/store/storetest"
	"parley/internal/testkit"
)

const (
	// processes is the number of nodes.
	processes = 3
	// maxDisruption is the longest time for which a link is cut, silent or slow.
	maxDisruption = 1500 * time.Millisecond
	// minSteadyTime is the minimum time without disruptions at the end, in which latency is measured.
	minSteadyTime = 3 * time.Second
)

// cluster is three nodes on one PostgreSQL, with a [testkit.Link] for each connection.
type cluster struct {
	*harness
	t        *testing.T
	postgres *storetest.Postgres
	database string        // its URL, without a link
	nats     *testkit.NATS // nil if publications use PostgreSQL
	// The links of each node to its database, to NATS and to its clients.
	databaseLinks, brokerLinks, clientLinks []*testkit.Link
	disruptions                             map[string]int
}

// TestNodes runs three processes on one database and disrupts every connection and every process.
func TestNodes(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	runSeed := *seed
	if runSeed == 0 {
		runSeed = rand.Uint64()
	}
	t.Logf("-torture.seed=%d", runSeed)
	var mu sync.Mutex
	var rows []string
	t.Cleanup(func() {
		slices.Sort(rows)
		var text strings.Builder
		w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprintln(
			w,
			"transport\tnodes\twriters\tsubscribers\tfollowers\tdisruptions\tcuts\tstreams\tacknowledged\trecovered\tdeliveries\tchanges of lists\tremovals\tafter a removal\tlost\tduplicated\tout of order\tp50\tp99\tworst\t",
		)
		for _, row := range rows {
			fmt.Fprintln(w, row)
		}
		_ = w.Flush() // to a string
		t.Logf("\n%s", text.String())
	})
	for _, by := range []string{"notifications", "NATS"} {
		t.Run(by, func(t *testing.T) {
			row := runCluster(t, by == "NATS", runSeed)
			mu.Lock()
			defer mu.Unlock()
			rows = append(rows, by+"\t"+row)
		})
	}
}

// runCluster runs the test with one transport and returns its row of the table.
func runCluster(t *testing.T, useNATS bool, runSeed uint64) string {
	ctx, cancel := context.WithTimeout(t.Context(), *duration+testTimeout)
	defer cancel()
	ctx, abort := context.WithCancelCause(ctx)
	defer abort(nil)
	c := newCluster(t, useNATS, runSeed, abort)
	for _, n := range c.nodes {
		if err := n.start(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.populate(ctx); err != nil {
		t.Fatal(err)
	}
	r, err := c.execute(ctx)
	if err != nil {
		t.Error(err, context.Cause(ctx))
	} else {
		r.expectMuch(t)
	}
	for _, link := range slices.Concat(c.databaseLinks, c.brokerLinks, c.clientLinks) {
		link.Heal()
	}
	latency, err := c.latency(ctx)
	if err != nil {
		t.Error(err)
	}
	c.end(t)
	t.Logf("disruptions: %v", c.disruptions)
	n := 0
	for _, times := range c.disruptions {
		n += times
	}
	return fmt.Sprintf(
		"%d"+strings.Repeat("\t%d", 15)+"\t%s",
		len(c.nodes),
		*writers,
		*subscribers,
		*followers,
		n,
		r.cuts,
		r.streams,
		r.acknowledged,
		r.recovered,
		r.delivered,
		r.changes,
		r.removals,
		r.leaked,
		r.lost,
		r.duplicated,
		r.outOfOrder,
		latency,
	)
}

func newCluster(t *testing.T, useNATS bool, runSeed uint64, failed func(error)) *cluster {
	c := &cluster{t: t, disruptions: map[string]int{}, postgres: storetest.NewCluster(t)}
	c.harness = &harness{
		faults:           &faults{},
		rng:              rand.New(rand.NewPCG(runSeed, 0)),
		disrupt:          c.disrupt,
		dropPublications: c.silenceBrokers,
		steadyTime:       max(minSteadyTime, *duration/10),
		slowdown:         *slowdown,
	}
	database, err := c.postgres.Migrated(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c.database = database
	if useNATS {
		c.nats = testkit.StartNATS(t)
	}
	network, target, withAddress := testkit.DatabaseAddress(t, database)
	for range processes {
		link := testkit.NewLink(t, network, target)
		c.databaseLinks = append(c.databaseLinks, link)
		with := settings{DatabaseURL: withAddress(link.Addr), Nodes: true}
		if useNATS {
			broker := testkit.NewLink(t, "tcp", strings.TrimPrefix(c.nats.URL, "nats://"))
			c.brokerLinks = append(c.brokerLinks, broker)
			with.NATSURL = "nats://" + broker.Addr
		}
		s := newServer(t, with, failed)
		front := testkit.NewLink(t, "tcp", s.settings.Addr)
		c.clientLinks = append(c.clientLinks, front)
		c.nodes = append(c.nodes, node{s, "http://" + front.Addr})
	}
	return c
}

// silenceBrokers stops publications between nodes. It does nothing with PostgreSQL, which sends
// notifications over the connections of the database.
func (c *cluster) silenceBrokers() error {
	for _, link := range c.brokerLinks {
		link.Silence()
	}
	return nil
}

// disrupt runs one disruption after the other until the duration is over.
func (c *cluster) disrupt(ctx context.Context) error {
	end := time.Now().Add(*duration)
	disruptions := []struct {
		name string
		do   func(ctx context.Context) error
	}{
		{"a node killed", c.killNode},
		{
			"a link to the database",
			func(ctx context.Context) error { return c.disruptLink(ctx, c.databaseLinks) },
		},
		{
			"a link to clients",
			func(ctx context.Context) error { return c.disruptLink(ctx, c.clientLinks) },
		},
		{"PostgreSQL restarted", c.restartPostgres},
		{"all nodes restarted in turn", c.rollingRestart},
	}
	if c.nats != nil {
		disruptions = append(disruptions, []struct {
			name string
			do   func(ctx context.Context) error
		}{
			{
				"a link to NATS",
				func(ctx context.Context) error { return c.disruptLink(ctx, c.brokerLinks) },
			},
			{"NATS restarted", func(ctx context.Context) error {
				c.nats.Stop()
				pause(ctx, c.randomDuration())
				c.nats.Start()
				return nil
			}},
			{"all publications lost", func(ctx context.Context) error {
				for _, link := range c.brokerLinks {
					link.Cut()
				}
				pause(ctx, c.randomDuration())
				for _, link := range c.brokerLinks {
					link.Heal()
				}
				return nil
			}},
		}...)
	}
	for i := c.rng.IntN(len(disruptions)); time.Now().Before(end); i++ { // each of them in turn
		one := disruptions[i%len(disruptions)]
		if err := one.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", one.name, err)
		}
		c.disruptions[one.name]++
		if !pause(ctx, c.randomDuration()/3) {
			return context.Cause(ctx)
		}
	}
	return nil
}

func (c *cluster) randomDuration() time.Duration {
	return time.Duration(c.rng.Int64N(int64(maxDisruption)))
}

func (c *cluster) killNode(ctx context.Context) error {
	n := c.nodes[c.rng.IntN(len(c.nodes))]
	n.kill()
	pause(ctx, c.randomDuration()/3)
	return n.start(ctx)
}

// disruptLink cuts, silences or slows one of the links for a while.
func (c *cluster) disruptLink(ctx context.Context, links []*testkit.Link) error {
	link := links[c.rng.IntN(len(links))]
	switch c.rng.IntN(3) {
	case 0:
		link.Cut()
	case 1:
		link.Silence()
	case 2:
		link.Delay(time.Duration(c.rng.Int64N(int64(50 * time.Millisecond))))
	}
	pause(ctx, c.randomDuration())
	link.Heal()
	return nil
}

func (c *cluster) restartPostgres(ctx context.Context) error {
	_, err := c.postgres.Restart(ctx)
	return err
}

// rollingRestart restarts all nodes one by one, as a deployment does.
func (c *cluster) rollingRestart(ctx context.Context) error {
	for _, n := range c.nodes {
		if err := n.stop(); err != nil {
			return err
		}
		if err := n.start(ctx); err != nil {
			return err
		}
	}
	return nil
}

// latency returns the time from a commit to each delivery, on all nodes, while nothing was
// disrupted: the median, p99 and the maximum, as columns of the table.
func (c *cluster) latency(ctx context.Context) (string, error) {
	commits, err := c.commits(ctx)
	if err != nil {
		return "", fmt.Errorf("read the commit times: %w", err)
	}
	if commits == nil {
		c.t.Log("the latency is unknown: PostgreSQL runs without track_commit_timestamp")
		return "-\t-\t-\t", nil
	}
	from, to := c.steadyFrom.Add(c.steadyTime/3), c.steadyUntil.Add(-settleTime)
	var all []time.Duration
	for _, s := range c.subscribers {
		for _, st := range s.streams {
			for i, h := range st.received {
				at, known := commits[entry{s.room.roomID, st.seqs[i]}]
				if known && at.After(from) && at.Before(to) && at.After(st.begun.Add(settleTime)) {
					all = append(all, h.at.Sub(at))
				}
			}
		}
	}
	if len(all) == 0 {
		return "", errors.New("nothing was delivered without disruptions")
	}
	slices.Sort(all)
	var row strings.Builder
	for _, quantile := range []float64{0.5, 0.99, 1} {
		fmt.Fprintf(
			&row,
			"%v\t",
			all[int(quantile*float64(len(all)-1))].Round(100*time.Microsecond),
		)
	}
	return row.String(), nil
}

// entry is an entry of a room's log.
type entry struct {
	room string
	seq  int64
}

// commits returns the commit times of all events whose rows have not changed since. All processes
// share one clock. It returns nil if the database does not track commit times.
func (c *cluster) commits(ctx context.Context) (map[entry]time.Time, error) {
	db, err := sql.Open("postgres", c.database)
	if err != nil {
		return nil, err
	}
	defer func() { _ = db.Close() }()
	var setting string
	if err := db.QueryRowContext(ctx, `SHOW track_commit_timestamp`).
		Scan(&setting); err != nil ||
		setting != "on" {
		return nil, err
	}
	rows, err := db.QueryContext(
		ctx,
		`SELECT room_id, seq, pg_xact_commit_timestamp(xmin) FROM messages WHERE edited_at IS NULL AND deleted_at IS NULL
UNION ALL SELECT room_id, seq, pg_xact_commit_timestamp(xmin) FROM room_events`,
	)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	commits := make(map[entry]time.Time)
	for rows.Next() {
		var e entry
		var at time.Time
		if err := rows.Scan(&e.room, &e.seq, &at); err != nil {
			return nil, err
		}
		commits[e] = at
	}
	return commits, rows.Err()
}
