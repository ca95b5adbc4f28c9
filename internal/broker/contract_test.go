package broker_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"

	"parley/internal/broker"
	"parley/internal/store"
	"parley/internal/testkit"
)

// patience is how long anything may take; no test waits for it to be over.
const patience = 20 * time.Second

// recorder is a listener that records what it receives.
type recorder struct {
	mu           sync.Mutex
	publications []broker.Publication
	missed       int
	signals      chan struct{}
}

func newRecorder() *recorder { return &recorder{signals: make(chan struct{}, 1)} }

func (e *recorder) signal() {
	select {
	case e.signals <- struct{}{}:
	default:
	}
}

// Receive is [broker.Listener]'s.
func (e *recorder) Receive(h broker.Publication) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.publications = append(e.publications, h)
	e.signal()
}

// Missed is [broker.Listener]'s.
func (e *recorder) Missed() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.missed++
	e.signal()
}

// Follows is [broker.Listener]'s.
func (*recorder) Follows(uuid.UUID) bool { return true }

// until waits until what has been heard is so.
func (e *recorder) until(
	t *testing.T,
	what string,
	so func(publications []broker.Publication, missed int) bool,
) {
	t.Helper()
	deadline := time.After(patience)
	for {
		e.mu.Lock()
		done := so(e.publications, e.missed)
		e.mu.Unlock()
		if done {
			return
		}
		select {
		case <-e.signals:
		case <-deadline:
			t.Fatalf(
				"not received: %s; there were %d publications, and %d times some were missed",
				what,
				len(e.publications),
				e.missed,
			)
		}
	}
}

func (e *recorder) forget() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.publications, e.missed = nil, 0
}

// network is what carries publications in a test, and can be cut.
type network struct {
	join      func(t *testing.T, l broker.Listener) *broker.Node
	cut, mend func()
	// raw sends a message that is not a node's.
	raw func(t *testing.T, message string)
}

func networks() map[string]func(t *testing.T) network {
	return map[string]func(t *testing.T) network{"postgres": postgresNetwork, "nats": natsNetwork}
}

func postgresNetwork(t *testing.T) network {
	url := testkit.PostgresURL(t)
	wire := testkit.NewWire(t, url)
	return network{
		join: func(t *testing.T, l broker.Listener) *broker.Node {
			notifications, err := store.OpenNotifications(
				t.Context(),
				wire.URL,
				store.Options{Logger: quiet(t)},
			)
			if err != nil {
				t.Fatal(err)
			}
			return joined(broker.NewPostgres(t.Context(), notifications, l, quiet(t), nil))(t)
		},
		cut: wire.Cut, mend: wire.Heal,
		raw: func(t *testing.T, message string) {
			t.Helper()
			db, err := sql.Open("postgres", url)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if _, err := db.ExecContext(
				t.Context(),
				"SELECT pg_notify('parley_publications', $1)",
				message,
			); err != nil {
				t.Fatal(err)
			}
		},
	}
}

func natsNetwork(t *testing.T) network {
	server := testkit.StartNATS(t)
	return network{
		join: func(t *testing.T, l broker.Listener) *broker.Node {
			return joined(broker.NewNATS(t.Context(), server.URL, l, quiet(t), nil))(t)
		},
		cut: server.Stop, mend: server.Start,
		raw: func(t *testing.T, message string) {
			t.Helper()
			conn, err := nats.Connect(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if err := conn.Publish("parley.publications", []byte(message)); err != nil {
				t.Fatal(err)
			}
			if err := conn.Flush(); err != nil {
				t.Fatal(err)
			}
		},
	}
}

func joined(node *broker.Node, err error) func(t *testing.T) *broker.Node {
	return func(t *testing.T) *broker.Node {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := node.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		})
		return node
	}
}

func quiet(t *testing.T) *slog.Logger { return slog.New(slog.NewTextHandler(t.Output(), nil)) }

// pair is two nodes that hear each other.
func pair(t *testing.T, n network) (a, b *broker.Node, receivedA, receivedB *recorder) {
	t.Helper()
	receivedA, receivedB = newRecorder(), newRecorder()
	a, b = n.join(t, receivedA), n.join(t, receivedB)
	meet(t, a, b, receivedA, receivedB)
	return a, b, receivedA, receivedB
}

// meet has two nodes speak until each hears the other, and forgets what they received.
func meet(t *testing.T, a, b *broker.Node, receivedA, receivedB *recorder) {
	t.Helper()
	for from, to := range map[*broker.Node]*recorder{a: receivedB, b: receivedA} {
		room := uuid.New()
		there := func(h broker.Publication) bool { return h.Room == room }
		deadline := time.Now().Add(patience)
		for seq := int64(1); ; seq++ {
			from.Publish(broker.Publication{Room: room, Seq: seq})
			to.mu.Lock()
			heard := slices.ContainsFunc(to.publications, there)
			to.mu.Unlock()
			if heard {
				break
			}
			if time.Now().After(deadline) {
				t.Fatal("they do not hear each other")
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	receivedA.forget()
	receivedB.forget()
}

// TestMemory: listeners have received a publication when Publish returns.
func TestMemory(t *testing.T) {
	var m broker.Memory
	e := newRecorder()
	m.Listen(e)
	h := broker.Publication{Room: uuid.New(), Seq: 7, Users: []string{"a"}}
	m.Publish(h)
	if len(e.publications) != 1 || e.publications[0].Seq != 7 {
		t.Errorf("heard %v", e.publications)
	}
}

// TestContract is what all ways between nodes have in common.
func TestContract(t *testing.T) {
	for name, open := range networks() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for name, test := range map[string]func(*testing.T, network){
				"publications arrive": publicationsArrive, "commits arrive": commitsArrive, "what is lost is noticed": lossIsNoticed, "away at the start": awayAtStart,
				"alone": alone, "strange messages": strangeMessages, "many people": manyPeople,
				"timelines arrive": timelinesArrive,
			} {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					test(t, open(t))
				})
			}
		})
	}
}

// publicationsArrive: a node has received its own publications when Publish returns, and receives
// the newest of other nodes, whole.
func publicationsArrive(t *testing.T, n network) {
	a, _, receivedA, receivedB := pair(t, n)
	room, made := uuid.New(), broker.Publication{
		Room:    uuid.New(),
		Created: true,
		Public:  true,
		Users:   []string{"ann", `b"o\b`, "ü"},
	}
	const last = 2000
	for seq := int64(1); seq <= last; seq++ {
		a.Publish(broker.Publication{Room: room, Seq: seq, Users: []string{fmt.Sprint("u", seq%3)}})
	}
	a.Publish(made)
	receivedA.mu.Lock()
	own := 0
	for _, h := range receivedA.publications {
		if h.Room == room || h.Room == made.Room {
			own++
		}
	}
	receivedA.mu.Unlock()
	if own != last+1 {
		t.Errorf("of its own a node has heard %d, want %d", own, last+1)
	}
	users := map[string]bool{}
	receivedB.until(
		t,
		"the newest, all people and the room",
		func(publications []broker.Publication, _ int) bool {
			var newest int64
			created := 0
			for _, h := range publications {
				if h.Room == room {
					newest = max(newest, h.Seq)
					for _, user := range h.Users {
						users[user] = true
					}
				}
				if h.Room == made.Room && h.Created && h.Public &&
					slices.Equal(h.Users, made.Users) {
					created++
				}
			}
			return newest == last && created == 1 && len(users) == 3
		},
	)
	receivedB.mu.Lock()
	defer receivedB.mu.Unlock()
	if len(receivedB.publications) > last/2 {
		t.Errorf(
			"%d publications of one room were carried as %d",
			last,
			len(receivedB.publications),
		)
	}
	if receivedB.missed > 0 {
		t.Errorf("nothing was missed, and it says so %d times", receivedB.missed)
	}
}

// timelinesArrive: publications arrive with their timelines. Publications of a room are not joined
// across timelines: a dropped one counts as missed.
func timelinesArrive(t *testing.T, n network) {
	a, _, _, receivedB := pair(t, n)
	room, made := uuid.New(), uuid.New()
	a.Publish(broker.Publication{Room: room, Seq: 9, Timeline: "1/1", Commit: text{9, 10}})
	a.Publish(broker.Publication{Room: room, Seq: 2, Timeline: "1/2", Commit: text{2, 10}})
	a.Publish(broker.Publication{Room: made, Created: true, Timeline: "1/2"})
	a.Publish(broker.Publication{
		Profiles: []broker.ProfileChange{{Shard: 3, To: 1}}, Timeline: "1/2",
	})
	receivedB.until(t, "three of the later timeline",
		func(publications []broker.Publication, missed int) bool {
			later, earlier := 0, missed
			for _, p := range publications {
				if p.Room != room && p.Room != made && len(p.Profiles) == 0 {
					continue // the two nodes found each other by it
				}
				switch p.Timeline {
				case "1/2":
					if p.Room == room && p.Seq != 2 {
						t.Errorf("the room is at %d", p.Seq)
					}
					later++
				case "1/1":
					earlier++
				default:
					t.Errorf("%v is of the timeline %q", p, p.Timeline)
				}
			}
			return later == 3 && earlier > 0
		})
}

// text is a commit of one event that encodes as a JSON string of a length.
type text struct {
	seq    int64
	length int
}

func (c text) First() int64            { return c.seq }
func (c text) Encode() ([]byte, error) { return json.Marshal(strings.Repeat("x", c.length)) }

// commitsArrive: contiguous commits of a room arrive with their publications, in order. Those that
// are not contiguous, or too large, arrive as the newest seq only.
func commitsArrive(t *testing.T, n network) {
	a, _, _, receivedB := pair(t, n)
	contiguous, gap, large := uuid.New(), uuid.New(), uuid.New()
	const last = 300
	for seq := int64(1); seq <= last; seq++ {
		a.Publish(broker.Publication{Room: contiguous, Seq: seq, Commit: text{seq, 100}})
	}
	a.Publish(broker.Publication{Room: gap, Seq: 1, Commit: text{1, 10}})
	a.Publish(broker.Publication{Room: gap, Seq: 3, Commit: text{3, 10}})
	a.Publish(broker.Publication{Room: large, Seq: 1, Commit: text{1, 40_000}})
	profiles := []broker.ProfileChange{{Shard: 3, From: 7, To: 8, UserIDs: []string{"ann"}}}
	a.Publish(broker.Publication{Profiles: profiles})
	var received []broker.ProfileChange
	heads := map[uuid.UUID]int64{}
	var commits []int64
	receivedB.until(t, "all heads", func(publications []broker.Publication, _ int) bool {
		clear(heads)
		commits = commits[:0]
		received = nil
		for _, p := range publications {
			received = append(received, p.Profiles...)
			heads[p.Room] = max(heads[p.Room], p.Seq)
			switch {
			case p.Room == contiguous && p.Commit != nil:
				if data, err := p.Commit.Encode(); err != nil || len(data) != 102 {
					t.Errorf("the commit at %d is %q: %v", p.Seq, data, err)
				}
				commits = append(commits, p.Commit.First())
			case p.Room == large && p.Commit != nil:
				t.Error("a commit of 40 kB arrives")
			}
		}
		return heads[contiguous] == last && heads[gap] == 3 && heads[large] == 1 &&
			len(received) > 0
	})
	if !reflect.DeepEqual(received, profiles) {
		t.Errorf("the profile changes arrive as %v", received)
	}
	for i, first := range commits {
		if first != int64(i)+1 {
			t.Fatalf("commit %d arrives in place %d", first, i)
		}
	}
	if len(commits) != last {
		t.Errorf("%d of %d commits arrive", len(commits), last)
	}
}

// lossIsNoticed: while the network is cut, Publish does not wait. When it is back, both nodes poll
// and receive each other's publications again.
func lossIsNoticed(t *testing.T, n network) {
	a, b, receivedA, receivedB := pair(t, n)
	n.cut()
	begun := time.Now()
	for seq := range int64(50_000) {
		a.Publish(broker.Publication{Room: uuid.New(), Seq: seq})
	}
	if took := time.Since(begun); took > patience/4 {
		t.Errorf("publishing into nowhere took %v", took)
	}
	receivedA.forget()
	n.mend()
	for who, e := range map[string]*recorder{"a": receivedA, "b": receivedB} {
		e.until(
			t,
			who+" polls again",
			func(_ []broker.Publication, missed int) bool { return missed > 0 },
		)
	}
	meet(t, a, b, receivedA, receivedB)
	if s := a.Stats(); s.Missed == 0 || s.Published < 50_000 || s.Received == 0 {
		t.Errorf("counted %+v", s)
	}
}

// awayAtStart: a node begins without the network, and hears the others when that comes.
func awayAtStart(t *testing.T, n network) {
	n.cut()
	receivedA, receivedB := newRecorder(), newRecorder()
	a, b := n.join(t, receivedA), n.join(t, receivedB)
	a.Publish(broker.Publication{Room: uuid.New(), Seq: 1})
	n.mend()
	receivedB.until(
		t,
		"that something was missed",
		func(_ []broker.Publication, missed int) bool { return missed > 0 },
	)
	meet(t, a, b, receivedA, receivedB)
}

// alone: a node that is alone says next to nothing, and a newcomer polls for what there has been,
// and hears the rest.
func alone(t *testing.T, n network) {
	receivedA, receivedB := newRecorder(), newRecorder()
	a := n.join(t, receivedA)
	for begun := time.Now(); time.Since(begun) < 3*time.Second; time.Sleep(time.Millisecond) {
		a.Publish(broker.Publication{Room: uuid.New(), Seq: 1})
	}
	if s := a.Stats(); s.Published < 500 ||
		s.Sent > s.Published/4 { // before it receives its own messages it does not know
		t.Errorf("without peers it sent %d messages for %d publications", s.Sent, s.Published)
	}
	b := n.join(t, receivedB)
	receivedB.until(
		t,
		"that something has been",
		func(_ []broker.Publication, missed int) bool { return missed > 0 },
	)
	meet(t, a, b, receivedA, receivedB)
}

// strangeMessages: what cannot be read is counted and left; a gap in a node's numbers is noticed.
func strangeMessages(t *testing.T, n network) {
	_, b, _, receivedB := pair(t, n)
	for _, strange := range []string{
		"", "{", `{"v":1,"n":"x","c":1}`, `{"v":2}`, `[]`, `{"v":2,"n":"x","c":-1}`, strings.Repeat("x", 5000),
	} {
		if strange != "" {
			n.raw(t, strange)
		}
	}
	n.raw(t, `{"v":2,"n":"other","c":1,"p":[{"r":"0199e0a5-0000-7000-8000-000000000001","s":5}]}`)
	n.raw(t, `{"v":2,"n":"other","c":2,"p":[{"r":"0199e0a5-0000-7000-8000-000000000001","s":6}]}`)
	n.raw(t, `{"v":2,"n":"other","c":2}`)                   // a heartbeat
	of := func(publications []broker.Publication) (n int) { // connected nodes may still send others
		for _, h := range publications {
			if h.Room == uuid.MustParse("0199e0a5-0000-7000-8000-000000000001") {
				n++
			}
		}
		return n
	}
	receivedB.until(
		t,
		"the other",
		func(publications []broker.Publication, _ int) bool { return of(publications) == 2 },
	)
	if s := b.Stats(); s.Unknown != 6 || s.Missed != 0 && receivedB.missed > 0 {
		t.Errorf("counted %+v, missed %d", s, receivedB.missed)
	}
	n.raw(t, `{"v":2,"n":"other","c":4}`)
	receivedB.until(
		t,
		"a gap",
		func(_ []broker.Publication, missed int) bool { return missed == 1 },
	)
	n.raw(
		t,
		`{"v":2,"n":"other","c":3,"p":[{"r":"0199e0a5-0000-7000-8000-000000000001","s":7}]}`,
	) // late
	receivedB.until(
		t,
		"what came late",
		func(publications []broker.Publication, missed int) bool { return of(publications) == 3 && missed == 1 },
	)
	n.raw(t, `{"v":2,"n":"newcomer","c":9}`)
	receivedB.until(
		t,
		"one that has sent something before",
		func(_ []broker.Publication, missed int) bool { return missed == 2 },
	)
	n.raw(t, `{"v":2,"n":"other","c":5,"i":true}`)
	receivedB.until(
		t,
		"one who cannot say it all",
		func(_ []broker.Publication, missed int) bool { return missed == 3 },
	)
}

// manyPeople: a hint that is larger than a message comes in parts, and a room with so many people
// is looked for.
func manyPeople(t *testing.T, n network) {
	a, _, _, receivedB := pair(t, n)
	var people []string
	for i := range 1000 {
		people = append(people, fmt.Sprint(strings.Repeat("x", 120), i))
	}
	moved, made := uuid.New(), uuid.New()
	a.Publish(broker.Publication{Room: moved, Seq: 3, Users: people})
	a.Publish(broker.Publication{Room: made, Created: true, Users: people})
	few := uuid.New()
	a.Publish(broker.Publication{ // of which the users fit a notification
		Room: few, Created: true, Users: people[:30], Commit: text{0, 5000},
	})
	receivedB.until(
		t,
		"the room with a commit",
		func(publications []broker.Publication, _ int) bool {
			return slices.ContainsFunc(publications, func(p broker.Publication) bool {
				return p.Room == few && p.Created && slices.Equal(p.Users, people[:30])
			})
		},
	)
	receivedB.until(
		t,
		"all people, and to look",
		func(publications []broker.Publication, missed int) bool {
			var told []string
			for _, h := range publications {
				if h.Room == moved {
					told = append(told, h.Users...)
				}
				if h.Room == made && h.Created {
					t.Errorf("received a room with %d users", len(h.Users))
				}
			}
			return missed > 0 && len(told) == len(people) && slices.Equal(told, people)
		},
	)
}
