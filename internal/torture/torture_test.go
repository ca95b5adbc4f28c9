package torture_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"

	"entgo.io/ent/dialect"

	"parley/internal/auth"
	"parley/internal/testkit"
)

// The defaults are those of the short test.
var (
	duration    = flag.Duration("torture.duration", 5*time.Second, "how long to write")
	failovers   = flag.Int("torture.failovers", 1, "how often to promote a standby of each kind")
	kills       = flag.Int("torture.kills", 2, "how often to kill the server")
	writers     = flag.Int("torture.writers", 16, "number of writers")
	subscribers = flag.Int("torture.subscribers", 50, "number of subscribers")
	lists       = flag.Int("torture.lists", 12, "number of subscribers to lists of rooms")
	followers   = flag.Int("torture.followers", 6, "number of subscribers to all rooms")
	rooms       = flag.Int("torture.rooms", 3, "number of rooms")
	meanPause   = flag.Duration(
		"torture.pause",
		50*time.Millisecond,
		"average pause of a writer between two requests",
	)
	slowdown = flag.Int64(
		"torture.slowdown",
		8,
		"factor of that pause with several nodes while nothing is disrupted",
	)
	seed = flag.Uint64(
		"torture.seed",
		0,
		"seed of the random numbers; 0 means a new one",
	)
)

// testTimeout is the timeout of everything but the writing: the start, and catching up at the end.
const testTimeout = 2 * time.Minute

// report is a row of the table.
type report struct {
	database                        string
	kills, cuts, streams, delivered int
	// changes are those of lists.
	changes  int
	removals int
	writerStats
	violations
}

func TestTorture(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	runSeed := *seed
	if runSeed == 0 {
		runSeed = rand.Uint64()
	}
	t.Logf("-torture.seed=%d", runSeed)

	var mu sync.Mutex
	var reports []report
	t.Cleanup(func() { // runs when both databases are done
		slices.SortFunc(
			reports,
			func(a, b report) int { return strings.Compare(b.database, a.database) },
		)
		t.Logf("\n%s", table(reports))
	})
	for name, url := range map[string]func(*testing.T) string{
		dialect.SQLite:   func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "parley.db") },
		dialect.Postgres: func(t *testing.T) string { return testkit.MigratedPostgresURL(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := runTorture(t, url(t), runSeed)
			r.database = name
			mu.Lock()
			defer mu.Unlock()
			reports = append(reports, r)
		})
	}
}

func table(reports []report) string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(
		w,
		"database\twriters\tsubscribers\tfollowers\tkills\tcuts\tstreams\tacknowledged\trecovered\tafter a kill\tdeliveries\tchanges of lists\tremovals\tafter a removal\tlost\tduplicated\tout of order\t",
	)
	for _, r := range reports {
		fmt.Fprintf(
			w,
			"%s"+strings.Repeat("\t%d", 16)+"\t\n",
			r.database,
			*writers,
			*subscribers,
			*followers,
			r.kills,
			r.cuts,
			r.streams,
			r.acknowledged,
			r.recovered,
			r.recoveredAfterKill,
			r.delivered,
			r.changes,
			r.removals,
			r.leaked,
			r.lost,
			r.duplicated,
			r.outOfOrder,
		)
	}
	_ = w.Flush() // to a string
	return text.String()
}

// harness is everything that takes part in a test.
type harness struct {
	nodes       []node
	rooms       []*history
	writers     []*writer
	subscribers []*subscriber // the rooms of the followers included
	followers   []*follower
	moderators  []*moderator
	lists       []*listReader
	// stopCuts is closed when connections must no longer be cut.
	stopCuts chan struct{}
	faults   *faults
	rng      *rand.Rand
	// disrupt causes disruptions and returns when the time for writing is over. dropPublications
	// makes the brokers lose every publication.
	disrupt          func(context.Context) error
	dropPublications func() error
	// steadyTime is the time without disruptions before dropPublications: from
	// steadyFrom to steadyUntil.
	steadyTime              time.Duration
	steadyFrom, steadyUntil time.Time
	// slowdown is the factor of the writers' pauses in that time, and pauseFactor the current one.
	slowdown    int64
	pauseFactor atomic.Int64
}

// participant is a kind of subscriber.
type participant interface {
	// run subscribes again and again until ctx ends.
	run(ctx context.Context)
	// drain waits until all writes have arrived, or until ctx ends.
	drain(ctx context.Context)
	// check checks what arrived. run has returned.
	check() violations
}

// participants are all subscribers but those to rooms, which are checked room by room.
func (w *harness) participants() (all []participant) {
	for _, l := range w.lists {
		all = append(all, l)
	}
	return all
}

// node is a server, and the URL that its clients use.
type node struct {
	*server
	clientURL string
}

// runTorture runs the test on one database.
func runTorture(t *testing.T, databaseURL string, runSeed uint64) report {
	ctx, cancel := context.WithTimeout(t.Context(), *duration+testTimeout)
	defer cancel()
	ctx, abort := context.WithCancelCause(ctx)
	defer abort(nil)

	w := &harness{
		faults:     &faults{},
		rng:        rand.New(rand.NewPCG(runSeed, 0)),
		steadyTime: settleTime,
		slowdown:   1,
	}
	s := newServer(t, settings{DatabaseURL: databaseURL, Seed: runSeed}, abort)
	w.nodes = []node{{s, s.url()}}
	w.disrupt, w.dropPublications = w.kill, s.dropPublications
	if err := s.start(ctx); err != nil {
		t.Fatal(err)
	}
	if err := w.populate(ctx); err != nil {
		t.Fatal(err)
	}
	r, err := w.execute(ctx)
	if err != nil {
		t.Error(errors.Join(err, context.Cause(ctx)))
	} else {
		r.expectMuch(t)
	}
	w.end(t)
	return r
}

// expectMuch fails the test if little has happened.
func (r report) expectMuch(t *testing.T) {
	if r.acknowledged == 0 || r.delivered == 0 || r.removals == 0 || r.changes == 0 {
		t.Errorf(
			"%d messages acknowledged, %d deliveries, %d changes of lists and %d removals: "+
				"too few to prove anything",
			r.acknowledged, r.delivered, r.changes, r.removals,
		)
	}
}

// end stops the servers and reports all faults.
func (w *harness) end(t *testing.T) {
	for _, n := range w.nodes {
		if err := n.stop(); err != nil {
			t.Errorf("stop the server: %v", err)
		}
	}
	for _, fault := range w.faults.first {
		t.Error(fault)
	}
	if more := w.faults.count - len(w.faults.first); more > 0 {
		t.Errorf("and %d more", more)
	}
}

func newServer(t *testing.T, with settings, failed func(error)) *server {
	addr, err := freeAddr()
	if err != nil {
		t.Fatal(err)
	}
	with.Addr = addr
	s := &server{
		t:        t,
		http:     &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2 * *writers}},
		settings: with,
		failed:   failed,
	}
	t.Cleanup(s.http.CloseIdleConnections)
	return s
}

// populate creates the users and their rooms.
func (w *harness) populate(ctx context.Context) error {
	w.stopCuts = make(chan struct{})
	var names []string
	clients := make(map[string]client)
	for i := range *writers + *subscribers + *followers {
		name := fmt.Sprintf("writer-%d", i)
		switch n := i - *writers; {
		case n >= *subscribers:
			name = fmt.Sprintf("follower-%d", n-*subscribers)
		case n >= 0:
			name = fmt.Sprintf("subscriber-%d", n)
		}
		token, err := token(name)
		if err != nil {
			return err
		}
		at := w.nodeOf(i)
		c := client{url: at.clientURL, http: at.http, token: token}
		var result any
		if err := c.do(ctx, `{ me { id } }`, nil, &result); err != nil {
			return fmt.Errorf("create %s: %w", name, err)
		}
		names, clients[name] = append(names, name), c
	}
	founder := clients[names[0]]
	for range *rooms {
		var made struct {
			CreateRoom struct{ Room struct{ ID string } }
		}
		err := founder.do(
			ctx,
			`mutation($ids: [ID!]!) { createRoom(input: {memberIds: $ids}) { room { id } } }`,
			vars{"ids": names[1:]},
			&made,
		)
		if err != nil {
			return fmt.Errorf("create a room: %w", err)
		}
		w.rooms = append(w.rooms, newHistory(made.CreateRoom.Room.ID, w.faults))
	}
	for i, name := range names {
		rng := rand.New(rand.NewPCG(w.rng.Uint64(), 0))
		c := clients[name]
		if i < *writers {
			w.writers = append(
				w.writers,
				&writer{
					client:      c,
					name:        name,
					rng:         rng,
					rooms:       w.rooms,
					meanPause:   *meanPause,
					pauseFactor: &w.pauseFactor,
					killed:      &w.nodeOf(i).killed,
					faults:      w.faults,
				},
			)
			continue
		}
		if i >= *writers+*subscribers {
			f := newFollower(w.screen(c, name, rng), w.rooms, i%2 == 0)
			w.followers = append(w.followers, f)
			for _, room := range w.rooms {
				w.subscribers = append(w.subscribers, f.rooms[room.roomID])
			}
			continue
		}
		w.subscribers = append(w.subscribers, &subscriber{
			screen: w.screen(c, name, rng),
			room:   w.rooms[i%len(w.rooms)],
			events: i/len(w.rooms)%2 == 0,
			guest:  i/len(w.rooms)%3 == 0,
		})
	}
	for i := range *lists {
		user := w.subscribers[i%*subscribers]
		rng := rand.New(rand.NewPCG(w.rng.Uint64(), 0))
		w.lists = append(w.lists, &listReader{
			screen: w.screen(clients[user.name], user.name, rng),
			client: clients[user.name],
			user:   user,
		})
	}
	for i, room := range w.rooms {
		at := w.nodes[i%len(w.nodes)]
		d := &moderator{room: room, rng: rand.New(rand.NewPCG(w.rng.Uint64(), 0)), faults: w.faults}
		d.client = client{url: at.clientURL, http: at.http, token: founder.token}
		for _, s := range w.subscribersOf(room) {
			if s.guest {
				d.guests = append(d.guests, s)
			}
		}
		if len(d.guests) > 0 {
			w.moderators = append(w.moderators, d)
		}
	}
	return nil
}

func (w *harness) screen(c client, name string, rng *rand.Rand) screen {
	return screen{
		url: c.url, token: c.token, name: name, rng: rng, faults: w.faults, stopCuts: w.stopCuts,
	}
}

// nodeOf returns the node of user i. The users of a room are on different nodes.
func (w *harness) nodeOf(i int) node { return w.nodes[(i + i / *rooms)%len(w.nodes)] }

// token returns a token for a user.
func token(name string) (string, error) {
	issuer, err := auth.NewIssuer(auth.Config{Secret: []byte(secret)})
	if err != nil {
		return "", err
	}
	token, _, err := issuer.Issue(name, name, time.Now())
	return token, err
}

// execute runs the writers, subscribers and disruptions, and checks the result.
func (w *harness) execute(ctx context.Context) (report, error) {
	subscribersCtx, cancelSubscribers := context.WithCancel(ctx)
	var running sync.WaitGroup
	for _, s := range w.subscribers {
		if !s.ofFollower {
			running.Go(func() { s.run(subscribersCtx) })
		}
	}
	for _, f := range w.followers {
		running.Go(func() { f.run(subscribersCtx) })
	}
	for _, p := range w.participants() {
		running.Go(func() { p.run(subscribersCtx) })
	}
	defer running.Wait()
	defer cancelSubscribers()

	err := w.write(ctx)
	if err != nil {
		return report{}, err
	}
	ends := make([]state, len(w.rooms))
	for i, room := range w.rooms {
		if ends[i], err = w.read(ctx, room); err != nil {
			return report{}, err
		}
	}
	w.drain(ctx, ends)
	pause(ctx, lossyDelay) // for events that must not arrive
	cancelSubscribers()
	running.Wait()

	r := w.count()
	for i, room := range w.rooms {
		r.add(check(room, ends[i], w.subscribersOf(room)))
	}
	for _, p := range w.participants() {
		r.add(p.check())
	}
	return r, nil
}

// write runs the writers and the disruptions, and returns when the writers have ended. It closes
// w.stopCuts when the disruptions are over.
func (w *harness) write(ctx context.Context) error {
	stop := make(chan struct{})
	w.pauseFactor.Store(1)
	var writes sync.WaitGroup
	for _, one := range w.writers {
		writes.Go(func() { one.run(ctx, stop) })
	}
	for _, one := range w.moderators {
		writes.Go(func() { one.run(ctx, stop) })
	}
	defer writes.Wait()
	defer close(stop)
	if err := w.disrupt(ctx); err != nil {
		return err
	}
	// The last messages are committed without any publication while all subscribers are connected:
	// polls must find them.
	close(w.stopCuts)
	w.pauseFactor.Store(w.slowdown)
	w.steadyFrom = time.Now()
	pause(ctx, w.steadyTime)
	w.pauseFactor.Store(1)
	w.steadyUntil = time.Now()
	err := w.dropPublications()
	pause(ctx, settleTime)
	return err
}

// count returns the sums of all writers and subscribers, which have ended.
func (w *harness) count() report {
	r := report{kills: *kills, violations: violations{faults: w.faults}}
	for _, one := range w.writers {
		r.acknowledged += one.acknowledged
		r.recovered += one.recovered
		r.recoveredAfterKill += one.recoveredAfterKill
	}
	for _, f := range w.followers {
		r.cuts += f.cuts
	}
	for _, s := range w.subscribers {
		r.cuts += s.cuts
		r.removals += len(s.absences)
		for _, st := range s.streams {
			if st.refused == "" || st.opened >= 0 || len(st.seqs) > 0 {
				r.streams++
			}
			r.delivered += len(st.seqs)
		}
	}
	for _, l := range w.lists {
		r.cuts += l.cuts
		for _, st := range l.streams {
			r.changes += len(st.changes)
		}
	}
	return r
}

// kill kills and restarts the server at a random moment of each part but the last of the duration.
func (w *harness) kill(ctx context.Context) error {
	begun := time.Now()
	part := *duration / time.Duration(*kills+1)
	for i := range *kills {
		moment := time.Duration(i)*part + part/4 + time.Duration(w.rng.Int64N(int64(part*3/4)+1))
		pause(ctx, time.Until(begun.Add(moment)))
		w.nodes[0].kill()
		pause(ctx, time.Duration(w.rng.Int64N(int64(200*time.Millisecond))))
		if err := w.nodes[0].start(ctx); err != nil {
			return err
		}
	}
	pause(ctx, time.Until(begun.Add(*duration)))
	return context.Cause(ctx)
}

func (w *harness) subscribersOf(room *history) []*subscriber {
	var of []*subscriber
	for _, s := range w.subscribers {
		if s.room == room {
			of = append(of, s)
		}
	}
	return of
}

// read returns the content of a room, page by page.
func (w *harness) read(ctx context.Context, room *history) (state, error) {
	const query = `query($room: ID!, $after: String) { roomInfo(roomId: $room) { seq messages(first: 100, after: $after) {
		nodes { id seq idempotencyKey contents from { id } deletedAt reactions { count } } pageInfo { hasNextPage endCursor } } } }`
	var end state
	for after := any(nil); ; {
		var result struct {
			RoomInfo struct {
				Seq      int64
				Messages struct {
					Nodes    []stored
					PageInfo struct {
						HasNextPage bool
						EndCursor   string
					}
				}
			}
		}
		if _, err := w.writers[0].retry(
			ctx,
			interruption{},
			query,
			vars{"room": room.roomID, "after": after},
			&result,
		); err != nil {
			return end, fmt.Errorf("read room %s: %w", room.roomID, err)
		}
		end.seq = result.RoomInfo.Seq
		page := result.RoomInfo.Messages
		end.messages = append(end.messages, page.Nodes...)
		if !page.PageInfo.HasNextPage {
			return end, nil
		}
		after = page.PageInfo.EndCursor
	}
}

// settleTime is how long all subscribers take to connect.
const settleTime = 400 * time.Millisecond

// drainTime is how long subscribers may take to catch up after the last write.
const drainTime = time.Minute

// drain waits until every subscriber has received everything in its room, or was refused because it
// is not a member. After [drainTime] check reports the rest.
func (w *harness) drain(ctx context.Context, ends []state) {
	ctx, cancel := context.WithTimeout(ctx, drainTime)
	defer cancel()
	for i, room := range w.rooms {
		for _, s := range w.subscribersOf(room) {
			goal := ends[i].seq
			if !s.events {
				goal = 0
				if n := len(ends[i].messages); n > 0 {
					goal = ends[i].messages[n-1].Seq
				}
			}
			arrived := func() bool { return s.reached.Load() >= goal }
			if s.isRemoved() {
				removed := s.absences[len(s.absences)-1].removed.UnixNano()
				if s.ofFollower { // it has learned of it, perhaps before the moderator's response
					removed = 0
				}
				arrived = func() bool { return s.refusedAt.Load() > removed }
			}
			for !arrived() && pause(ctx, 10*time.Millisecond) {
			}
		}
	}
	for _, p := range w.participants() {
		p.drain(ctx)
	}
}
