package broker_test

import (
	"database/sql"
	"fmt"
	"log/slog"
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

// ear is a listener that remembers.
type ear struct {
	mu    sync.Mutex
	hints []broker.Hint
	looks int
	said  chan struct{}
}

func newEar() *ear { return &ear{said: make(chan struct{}, 1)} }

func (e *ear) tell() {
	select {
	case e.said <- struct{}{}:
	default:
	}
}

// Hear is [broker.Listener]'s.
func (e *ear) Hear(h broker.Hint) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.hints = append(e.hints, h)
	e.tell()
}

// LookAgain is [broker.Listener]'s.
func (e *ear) LookAgain() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.looks++
	e.tell()
}

// until waits until what has been heard is so.
func (e *ear) until(t *testing.T, what string, so func(hints []broker.Hint, looks int) bool) {
	t.Helper()
	deadline := time.After(patience)
	for {
		e.mu.Lock()
		done := so(e.hints, e.looks)
		e.mu.Unlock()
		if done {
			return
		}
		select {
		case <-e.said:
		case <-deadline:
			t.Fatalf("not heard: %s; there were %d hints and %d looks", what, len(e.hints), e.looks)
		}
	}
}

func (e *ear) forget() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.hints, e.looks = nil, 0
}

// network is what carries hints in a test, and can be cut.
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
		cut: wire.Cut, mend: wire.Mend,
		raw: func(t *testing.T, message string) {
			t.Helper()
			db, err := sql.Open("postgres", url)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if _, err := db.ExecContext(
				t.Context(),
				"SELECT pg_notify('parley_hints', $1)",
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
			if err := conn.Publish("parley.hints", []byte(message)); err != nil {
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
func pair(t *testing.T, n network) (a, b *broker.Node, heardA, heardB *ear) {
	t.Helper()
	heardA, heardB = newEar(), newEar()
	a, b = n.join(t, heardA), n.join(t, heardB)
	meet(t, a, b, heardA, heardB)
	return a, b, heardA, heardB
}

// meet has two nodes speak until each hears the other, and forgets what was said.
func meet(t *testing.T, a, b *broker.Node, heardA, heardB *ear) {
	t.Helper()
	for from, to := range map[*broker.Node]*ear{a: heardB, b: heardA} {
		room := uuid.New()
		there := func(h broker.Hint) bool { return h.Room == room }
		deadline := time.Now().Add(patience)
		for seq := int64(1); ; seq++ {
			from.Publish(broker.Hint{Room: room, Seq: seq})
			to.mu.Lock()
			heard := slices.ContainsFunc(to.hints, there)
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
	heardA.forget()
	heardB.forget()
}

// TestMemory: hints are heard before Publish returns.
func TestMemory(t *testing.T) {
	var m broker.Memory
	e := newEar()
	m.Listen(e)
	h := broker.Hint{Room: uuid.New(), Seq: 7, Users: []string{"a"}}
	m.Publish(h)
	if len(e.hints) != 1 || e.hints[0].Seq != 7 {
		t.Errorf("heard %v", e.hints)
	}
}

// TestContract is what all ways between nodes have in common.
func TestContract(t *testing.T) {
	for name, open := range networks() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for name, test := range map[string]func(*testing.T, network){
				"hints arrive": hintsArrive, "what is lost is noticed": lossIsNoticed, "away at the start": awayAtStart,
				"alone": alone, "strange messages": strangeMessages, "many people": manyPeople,
			} {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					test(t, open(t))
				})
			}
		})
	}
}

// hintsArrive: a node hears its own hints before Publish returns, and the others' newest ones,
// whole.
func hintsArrive(t *testing.T, n network) {
	a, _, heardA, heardB := pair(t, n)
	room, made := uuid.New(), broker.Hint{
		Room:    uuid.New(),
		Created: true,
		Public:  true,
		Users:   []string{"ann", `b"o\b`, "ü"},
	}
	const last = 2000
	for seq := int64(1); seq <= last; seq++ {
		a.Publish(broker.Hint{Room: room, Seq: seq, Users: []string{fmt.Sprint("u", seq%3)}})
	}
	a.Publish(made)
	heardA.mu.Lock()
	own := 0
	for _, h := range heardA.hints {
		if h.Room == room || h.Room == made.Room {
			own++
		}
	}
	heardA.mu.Unlock()
	if own != last+1 {
		t.Errorf("of its own a node has heard %d, want %d", own, last+1)
	}
	users := map[string]bool{}
	heardB.until(t, "the newest, all people and the room", func(hints []broker.Hint, _ int) bool {
		var newest int64
		created := 0
		for _, h := range hints {
			if h.Room == room {
				newest = max(newest, h.Seq)
				for _, user := range h.Users {
					users[user] = true
				}
			}
			if h.Room == made.Room && h.Created && h.Public && slices.Equal(h.Users, made.Users) {
				created++
			}
		}
		return newest == last && created == 1 && len(users) == 3
	})
	heardB.mu.Lock()
	defer heardB.mu.Unlock()
	if len(heardB.hints) > last/2 {
		t.Errorf("%d hints of one room were carried as %d", last, len(heardB.hints))
	}
	if heardB.looks > 0 {
		t.Errorf("nothing was missed, and it has looked %d times", heardB.looks)
	}
}

// lossIsNoticed: while the network is cut nobody waits, and when it is back both look, and hear
// each other again.
func lossIsNoticed(t *testing.T, n network) {
	a, b, heardA, heardB := pair(t, n)
	n.cut()
	begun := time.Now()
	for seq := range int64(50_000) {
		a.Publish(broker.Hint{Room: uuid.New(), Seq: seq})
	}
	if took := time.Since(begun); took > patience/4 {
		t.Errorf("publishing into nowhere took %v", took)
	}
	heardA.forget()
	n.mend()
	for who, e := range map[string]*ear{"a": heardA, "b": heardB} {
		e.until(t, who+" looks again", func(_ []broker.Hint, looks int) bool { return looks > 0 })
	}
	meet(t, a, b, heardA, heardB)
	if s := a.Stats(); s.Missed == 0 || s.Published < 50_000 || s.Received == 0 {
		t.Errorf("counted %+v", s)
	}
}

// awayAtStart: a node begins without the network, and hears the others when that comes.
func awayAtStart(t *testing.T, n network) {
	n.cut()
	heardA, heardB := newEar(), newEar()
	a, b := n.join(t, heardA), n.join(t, heardB)
	a.Publish(broker.Hint{Room: uuid.New(), Seq: 1})
	n.mend()
	heardB.until(
		t,
		"that something was missed",
		func(_ []broker.Hint, looks int) bool { return looks > 0 },
	)
	meet(t, a, b, heardA, heardB)
}

// alone: a node that is alone says next to nothing, and who comes looks for what there has been,
// and hears the rest.
func alone(t *testing.T, n network) {
	heardA, heardB := newEar(), newEar()
	a := n.join(t, heardA)
	for begun := time.Now(); time.Since(begun) < 3*time.Second; time.Sleep(time.Millisecond) {
		a.Publish(broker.Hint{Room: uuid.New(), Seq: 1})
	}
	if s := a.Stats(); s.Published < 500 ||
		s.Sent > s.Published/4 { // before it hears itself it cannot know
		t.Errorf("to nobody it has said %d messages of %d hints", s.Sent, s.Published)
	}
	b := n.join(t, heardB)
	heardB.until(
		t,
		"that something has been",
		func(_ []broker.Hint, looks int) bool { return looks > 0 },
	)
	meet(t, a, b, heardA, heardB)
}

// strangeMessages: what cannot be read is counted and left; a gap in a node's numbers is noticed.
func strangeMessages(t *testing.T, n network) {
	_, b, _, heardB := pair(t, n)
	for _, strange := range []string{
		"", "{", `{"v":2,"n":"x","c":1}`, `{"v":1}`, `[]`, `{"v":1,"n":"x","c":-1}`, strings.Repeat("x", 5000),
	} {
		if strange != "" {
			n.raw(t, strange)
		}
	}
	n.raw(t, `{"v":1,"n":"other","c":1,"h":[{"r":"0199e0a5-0000-7000-8000-000000000001","s":5}]}`)
	n.raw(t, `{"v":1,"n":"other","c":2,"h":[{"r":"0199e0a5-0000-7000-8000-000000000001","s":6}]}`)
	n.raw(t, `{"v":1,"n":"other","c":2}`)     // a heartbeat
	of := func(hints []broker.Hint) (n int) { // others may still come of those who have met
		for _, h := range hints {
			if h.Room == uuid.MustParse("0199e0a5-0000-7000-8000-000000000001") {
				n++
			}
		}
		return n
	}
	heardB.until(t, "the other", func(hints []broker.Hint, _ int) bool { return of(hints) == 2 })
	if s := b.Stats(); s.Unknown != 6 || s.Missed != 0 && heardB.looks > 0 {
		t.Errorf("counted %+v, with %d looks", s, heardB.looks)
	}
	n.raw(t, `{"v":1,"n":"other","c":4}`)
	heardB.until(t, "a gap", func(_ []broker.Hint, looks int) bool { return looks == 1 })
	n.raw(
		t,
		`{"v":1,"n":"other","c":3,"h":[{"r":"0199e0a5-0000-7000-8000-000000000001","s":7}]}`,
	) // late
	heardB.until(
		t,
		"what came late",
		func(hints []broker.Hint, looks int) bool { return of(hints) == 3 && looks == 1 },
	)
	n.raw(t, `{"v":1,"n":"newcomer","c":9}`)
	heardB.until(
		t,
		"one who has said something before",
		func(_ []broker.Hint, looks int) bool { return looks == 2 },
	)
	n.raw(t, `{"v":1,"n":"other","c":5,"l":true}`)
	heardB.until(
		t,
		"one who cannot say it all",
		func(_ []broker.Hint, looks int) bool { return looks == 3 },
	)
}

// manyPeople: a hint that is larger than a message comes in parts, and a room with so many people
// is looked for.
func manyPeople(t *testing.T, n network) {
	a, _, _, heardB := pair(t, n)
	var people []string
	for i := range 1000 {
		people = append(people, fmt.Sprint(strings.Repeat("x", 120), i))
	}
	moved, made := uuid.New(), uuid.New()
	a.Publish(broker.Hint{Room: moved, Seq: 3, Users: people})
	a.Publish(broker.Hint{Room: made, Created: true, Users: people})
	heardB.until(t, "all people, and to look", func(hints []broker.Hint, looks int) bool {
		var told []string
		for _, h := range hints {
			if h.Room == moved {
				told = append(told, h.Users...)
			}
			if h.Created {
				t.Errorf("told of a room with %d people", len(h.Users))
			}
		}
		return looks > 0 && len(told) == len(people) && slices.Equal(told, people)
	})
}
