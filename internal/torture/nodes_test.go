package torture_test

import (
	"context"
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
	// processes is how many nodes there are.
	processes = 3
	// longestTrouble is how long a link is cut, silent or slow at a time.
	longestTrouble = 1500 * time.Millisecond
	// calmTime is how long there is no trouble in the end, to see how fast a delivery is.
	calmTime = 3 * time.Second
)

// cluster is three nodes on one PostgreSQL, with a link wherever something may be wrong.
type cluster struct {
	*world
	t        *testing.T
	postgres *storetest.Postgres
	nats     *testkit.NATS // nil where hints go by PostgreSQL
	// The links of each node to its database, to NATS and to its clients.
	databases, brokers, fronts []*testkit.Link
	troubles                   map[string]int
}

// TestNodes has three processes on one database, and everything between them and around them go wrong.
func TestNodes(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	chance := *seed
	if chance == 0 {
		chance = rand.Uint64()
	}
	t.Logf("-torture.seed=%d", chance)
	var mu sync.Mutex
	var rows []string
	t.Cleanup(func() {
		slices.Sort(rows)
		var text strings.Builder
		w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprintln(w, "hints by\tnodes\twriters\tsubscribers\ttroubles\tcuts\tstreams\tacknowledged\trecovered\tdeliveries\tremovals\tafter a removal\tlost\tdoubled\tout of order\tp50\tp99\tworst\t")
		for _, row := range rows {
			fmt.Fprintln(w, row)
		}
		_ = w.Flush() // to a string
		t.Logf("\n%s", text.String())
	})
	for _, by := range []string{"notifications", "NATS"} {
		t.Run(by, func(t *testing.T) {
			row := torment(t, by == "NATS", chance)
			mu.Lock()
			defer mu.Unlock()
			rows = append(rows, by+"\t"+row)
		})
	}
}

// torment does all of it, and returns the row of the table.
func torment(t *testing.T, byNATS bool, chance uint64) string {
	ctx, cancel := context.WithTimeout(t.Context(), *duration+patience)
	defer cancel()
	ctx, abort := context.WithCancelCause(ctx)
	defer abort(nil)
	c := newCluster(t, byNATS, chance, abort)
	for _, n := range c.nodes {
		if err := n.start(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.populate(ctx); err != nil {
		t.Fatal(err)
	}
	r, err := c.play(ctx)
	if err != nil {
		t.Error(err, context.Cause(ctx))
	} else if r.acknowledged == 0 || r.delivered == 0 || r.removals == 0 {
		t.Errorf("%d messages acknowledged, %d deliveries and %d removals prove nothing", r.acknowledged, r.delivered, r.removals)
	}
	for _, link := range slices.Concat(c.databases, c.brokers, c.fronts) {
		link.Mend()
	}
	c.end(t)
	t.Logf("troubles: %v", c.troubles)
	n := 0
	for _, times := range c.troubles {
		n += times
	}
	p50, p99, worst := c.latency()
	return fmt.Sprintf("%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%v\t%v\t%v\t", len(c.nodes), *writers, *subscribers, n, r.cuts, r.streams,
		r.acknowledged, r.recovered, r.delivered, r.removals, r.leaked, r.lost, r.doubled, r.disordered, p50, p99, worst)
}

func newCluster(t *testing.T, byNATS bool, chance uint64, failed func(error)) *cluster {
	c := &cluster{t: t, troubles: map[string]int{}, postgres: storetest.Own(t)}
	c.world = &world{faults: &faults{}, rng: rand.New(rand.NewPCG(chance, 0)), trouble: c.makeTrouble, deafen: c.silenceBrokers, calm: calmTime}
	database, err := c.postgres.Migrated(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if byNATS {
		c.nats = testkit.StartNATS(t)
	}
	network, far, through := testkit.DatabaseEnd(t, database)
	for range processes {
		link := testkit.NewLink(t, network, far)
		c.databases = append(c.databases, link)
		with := settings{DatabaseURL: through(link.Addr), Nodes: true}
		if byNATS {
			broker := testkit.NewLink(t, "tcp", strings.TrimPrefix(c.nats.URL, "nats://"))
			c.brokers = append(c.brokers, broker)
			with.NATSURL = "nats://" + broker.Addr
		}
		s := newServer(t, with, failed)
		front := testkit.NewLink(t, "tcp", s.settings.Addr)
		c.fronts = append(c.fronts, front)
		c.nodes = append(c.nodes, node{s, "http://" + front.Addr})
	}
	return c
}

// silenceBrokers has nobody hear hints of others any more. Notifications come by the same way as everything else.
func (c *cluster) silenceBrokers() error {
	for _, link := range c.brokers {
		link.Silence()
	}
	return nil
}

// makeTrouble makes one trouble after the other while there is time.
func (c *cluster) makeTrouble(ctx context.Context) error {
	end := time.Now().Add(*duration)
	troubles := []struct {
		name string
		do   func(ctx context.Context) error
	}{
		{"a node killed", c.killNode},
		{"a link to the database", func(ctx context.Context) error { return c.disturb(ctx, c.databases) }},
		{"a link to clients", func(ctx context.Context) error { return c.disturb(ctx, c.fronts) }},
		{"PostgreSQL restarted", c.restartPostgres},
		{"all nodes restarted in turn", c.roll},
	}
	if c.nats != nil {
		troubles = append(troubles, []struct {
			name string
			do   func(ctx context.Context) error
		}{
			{"a link to NATS", func(ctx context.Context) error { return c.disturb(ctx, c.brokers) }},
			{"NATS restarted", func(ctx context.Context) error {
				c.nats.Stop()
				pause(ctx, c.while())
				c.nats.Start()
				return nil
			}},
			{"all hints lost", func(ctx context.Context) error {
				for _, link := range c.brokers {
					link.Cut()
				}
				pause(ctx, c.while())
				for _, link := range c.brokers {
					link.Mend()
				}
				return nil
			}},
		}...)
	}
	for i := c.rng.IntN(len(troubles)); time.Now().Before(end); i++ { // all of them in turn
		one := troubles[i%len(troubles)]
		if err := one.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", one.name, err)
		}
		c.troubles[one.name]++
		if !pause(ctx, c.while()/3) {
			return context.Cause(ctx)
		}
	}
	return nil
}

func (c *cluster) while() time.Duration { return time.Duration(c.rng.Int64N(int64(longestTrouble))) }

func (c *cluster) killNode(ctx context.Context) error {
	n := c.nodes[c.rng.IntN(len(c.nodes))]
	n.kill()
	pause(ctx, c.while()/3)
	return n.start(ctx)
}

// disturb has something be wrong with one of links for a while.
func (c *cluster) disturb(ctx context.Context, links []*testkit.Link) error {
	link := links[c.rng.IntN(len(links))]
	switch c.rng.IntN(3) {
	case 0:
		link.Cut()
	case 1:
		link.Silence()
	case 2:
		link.Delay(time.Duration(c.rng.Int64N(int64(50 * time.Millisecond))))
	}
	pause(ctx, c.while())
	link.Mend()
	return nil
}

func (c *cluster) restartPostgres(ctx context.Context) error {
	_, err := c.postgres.Restart(ctx)
	return err
}

// roll restarts all nodes as an operator does who brings a new version.
func (c *cluster) roll(ctx context.Context) error {
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

// latency is how long messages took to subscribers, on all nodes, while all was calm and hints were heard.
func (c *cluster) latency() (p50, p99, worst time.Duration) {
	var all []time.Duration
	for _, s := range c.subscribers {
		for _, l := range s.latencies {
			if l.created.After(c.calmed.Add(calmTime/3)) && l.created.Before(c.deafened.Add(-settleTime)) {
				all = append(all, l.took)
			}
		}
	}
	if len(all) == 0 {
		c.t.Error("nothing was delivered while all was calm")
		return 0, 0, 0
	}
	slices.Sort(all)
	at := func(part float64) time.Duration {
		return all[int(part*float64(len(all)-1))].Round(100 * time.Microsecond)
	}
	return at(0.5), at(0.99), at(1)
}
