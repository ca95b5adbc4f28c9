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

// testTimeout is how long anything may take; no test waits for it to be over.
const testTimeout = 20 * time.Second

// recorder is a listener that records what it receives.
type recorder struct {
	mu           sync.Mutex
	publications []broker.Publication
	missed       int
	changed      chan struct{}
}

func newRecorder() *recorder { return &recorder{changed: make(chan struct{}, 1)} }

func (e *recorder) signal() {
	select {
	case e.changed <- struct{}{}:
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

// await waits until what has been heard is so.
func (e *recorder) await(
	t *testing.T,
	what string,
	condition func(publications []broker.Publication, missed int) bool,
) {
	t.Helper()
	deadline := time.After(testTimeout)
	for {
		e.mu.Lock()
		done := condition(e.publications, e.missed)
		e.mu.Unlock()
		if done {
			return
		}
		select {
		case <-e.changed:
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

func (e *recorder) reset() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.publications, e.missed = nil, 0
}

// network connects the nodes of a test, and can be cut.
type network struct {
	connect   func(t *testing.T, l broker.Listener) *broker.Node
	cut, heal func()
	// sendRaw sends a message that no node encoded.
	sendRaw func(t *testing.T, message string)
}

func networks() map[string]func(t *testing.T) network {
	return map[string]func(t *testing.T) network{"postgres": postgresNetwork, "nats": natsNetwork}
}

func postgresNetwork(t *testing.T) network {
	url := testkit.PostgresURL(t)
	link := testkit.NewWire(t, url)
	return network{
		connect: func(t *testing.T, l broker.Listener) *broker.Node {
			notifications, err := store.OpenNotifications(
				t.Context(),
				link.URL,
				store.Options{Logger: testLogger(t)},
			)
			if err != nil {
				t.Fatal(err)
			}
			return startNode(
				broker.NewPostgres(t.Context(), notifications, l, testLogger(t), nil),
			)(
				t,
			)
		},
		cut: link.Cut, heal: link.Heal,
		sendRaw: func(t *testing.T, message string) {
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
		connect: func(t *testing.T, l broker.Listener) *broker.Node {
			return startNode(broker.NewNATS(t.Context(), server.URL, l, testLogger(t), nil))(t)
		},
		cut: server.Stop, heal: server.Start,
		sendRaw: func(t *testing.T, message string) {
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

func startNode(node *broker.Node, err error) func(t *testing.T) *broker.Node {
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

func testLogger(t *testing.T) *slog.Logger { return slog.New(slog.NewTextHandler(t.Output(), nil)) }

// pair returns two nodes that receive each other's messages.
func pair(t *testing.T, n network) (a, b *broker.Node, receivedA, receivedB *recorder) {
	t.Helper()
	receivedA, receivedB = newRecorder(), newRecorder()
	a, b = n.connect(t, receivedA), n.connect(t, receivedB)
	awaitConnected(t, a, b, receivedA, receivedB)
	return a, b, receivedA, receivedB
}

// awaitConnected publishes on two nodes until each receives from the other, and resets the recorders.
func awaitConnected(t *testing.T, a, b *broker.Node, receivedA, receivedB *recorder) {
	t.Helper()
	for from, to := range map[*broker.Node]*recorder{a: receivedB, b: receivedA} {
		room := uuid.New()
		matches := func(h broker.Publication) bool { return h.Room == room }
		deadline := time.Now().Add(testTimeout)
		for seq := int64(1); ; seq++ {
			from.Publish(broker.Publication{Room: room, Seq: seq})
			to.mu.Lock()
			found := slices.ContainsFunc(to.publications, matches)
			to.mu.Unlock()
			if found {
				break
			}
			if time.Now().After(deadline) {
				t.Fatal("the nodes do not receive each other's messages")
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	receivedA.reset()
	receivedB.reset()
}

// TestMemory: listeners have received a publication when Publish returns.
func TestMemory(t *testing.T) {
	var m broker.Memory
	e := newRecorder()
	m.Listen(e)
	h := broker.Publication{Room: uuid.New(), Seq: 7, Users: []string{"a"}}
	m.Publish(h)
	if len(e.publications) != 1 || e.publications[0].Seq != 7 {
		t.Errorf("received %v", e.publications)
	}
}

// TestContract tests what all transports have in common.
func TestContract(t *testing.T) {
	for name, open := range networks() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for name, test := range map[string]func(*testing.T, network){
				"publications arrive": publicationsArrive, "commits arrive": commitsArrive, "loss is detected": lossIsDetected, "unreachable at the start": unreachableAtStart,
				"without peers": nodeWithoutPeers, "invalid messages": invalidMessages, "many users": manyUsers,
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
// the newest ones of other nodes completely.
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
		t.Errorf("a node has received %d of its own publications, want %d", own, last+1)
	}
	users := map[string]bool{}
	receivedB.await(
		t,
		"the newest seq, all users and the room",
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
			"%d publications of one room were sent as %d",
			last,
			len(receivedB.publications),
		)
	}
	if receivedB.missed > 0 {
		t.Errorf("Missed was called %d times, though nothing was missed", receivedB.missed)
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
	receivedB.await(t, "three of the later timeline",
		func(publications []broker.Publication, missed int) bool {
			later, earlier := 0, missed
			for _, p := range publications {
				if p.Room != room && p.Room != made && len(p.Profiles) == 0 {
					continue // awaitConnected published it
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
	receivedB.await(t, "all heads", func(publications []broker.Publication, _ int) bool {
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

// lossIsDetected: while the network is cut, Publish does not wait. When it is back, both nodes poll
// and receive each other's publications again.
func lossIsDetected(t *testing.T, n network) {
	a, b, receivedA, receivedB := pair(t, n)
	n.cut()
	begun := time.Now()
	for seq := range int64(50_000) {
		a.Publish(broker.Publication{Room: uuid.New(), Seq: seq})
	}
	if took := time.Since(begun); took > testTimeout/4 {
		t.Errorf("publishing to a cut network took %v", took)
	}
	receivedA.reset()
	n.heal()
	for name, e := range map[string]*recorder{"a": receivedA, "b": receivedB} {
		e.await(
			t,
			name+" polls again",
			func(_ []broker.Publication, missed int) bool { return missed > 0 },
		)
	}
	awaitConnected(t, a, b, receivedA, receivedB)
	if s := a.Stats(); s.Missed == 0 || s.Published < 50_000 || s.Received == 0 {
		t.Errorf("counted %+v", s)
	}
}

// unreachableAtStart: a node starts without the network, and receives from the others when it is back.
func unreachableAtStart(t *testing.T, n network) {
	n.cut()
	receivedA, receivedB := newRecorder(), newRecorder()
	a, b := n.connect(t, receivedA), n.connect(t, receivedB)
	a.Publish(broker.Publication{Room: uuid.New(), Seq: 1})
	n.heal()
	receivedB.await(
		t,
		"a missed publication",
		func(_ []broker.Publication, missed int) bool { return missed > 0 },
	)
	awaitConnected(t, a, b, receivedA, receivedB)
}

// nodeWithoutPeers: a node without peers sends almost nothing. A new node polls for earlier changes and
// receives the later ones.
func nodeWithoutPeers(t *testing.T, n network) {
	receivedA, receivedB := newRecorder(), newRecorder()
	a := n.connect(t, receivedA)
	for begun := time.Now(); time.Since(begun) < 3*time.Second; time.Sleep(time.Millisecond) {
		a.Publish(broker.Publication{Room: uuid.New(), Seq: 1})
	}
	if s := a.Stats(); s.Published < 500 ||
		s.Sent > s.Published/4 { // before it receives its own messages it does not know
		t.Errorf("without peers it sent %d messages for %d publications", s.Sent, s.Published)
	}
	b := n.connect(t, receivedB)
	receivedB.await(
		t,
		"a missed publication",
		func(_ []broker.Publication, missed int) bool { return missed > 0 },
	)
	awaitConnected(t, a, b, receivedA, receivedB)
}

// invalidMessages: messages that cannot be decoded are counted and dropped. A gap in the numbers of a node
// is detected.
func invalidMessages(t *testing.T, n network) {
	_, b, _, receivedB := pair(t, n)
	for _, invalid := range []string{
		"", "{", `{"v":1,"n":"x","c":1}`, `{"v":2}`, `[]`, `{"v":2,"n":"x","c":-1}`, strings.Repeat("x", 5000),
	} {
		if invalid != "" {
			n.sendRaw(t, invalid)
		}
	}
	n.sendRaw(
		t,
		`{"v":2,"n":"other","c":1,"p":[{"r":"0199e0a5-0000-7000-8000-000000000001","s":5}]}`,
	)
	n.sendRaw(
		t,
		`{"v":2,"n":"other","c":2,"p":[{"r":"0199e0a5-0000-7000-8000-000000000001","s":6}]}`,
	)
	n.sendRaw(t, `{"v":2,"n":"other","c":2}`)               // a heartbeat
	of := func(publications []broker.Publication) (n int) { // connected nodes may still send others
		for _, h := range publications {
			if h.Room == uuid.MustParse("0199e0a5-0000-7000-8000-000000000001") {
				n++
			}
		}
		return n
	}
	receivedB.await(
		t,
		"the publications of the other node",
		func(publications []broker.Publication, _ int) bool { return of(publications) == 2 },
	)
	if s := b.Stats(); s.Unknown != 6 || s.Missed != 0 && receivedB.missed > 0 {
		t.Errorf("counted %+v, missed %d", s, receivedB.missed)
	}
	n.sendRaw(t, `{"v":2,"n":"other","c":4}`)
	receivedB.await(
		t,
		"a gap",
		func(_ []broker.Publication, missed int) bool { return missed == 1 },
	)
	n.sendRaw(
		t,
		`{"v":2,"n":"other","c":3,"p":[{"r":"0199e0a5-0000-7000-8000-000000000001","s":7}]}`,
	) // late
	receivedB.await(
		t,
		"the late publication",
		func(publications []broker.Publication, missed int) bool { return of(publications) == 3 && missed == 1 },
	)
	n.sendRaw(t, `{"v":2,"n":"newcomer","c":9}`)
	receivedB.await(
		t,
		"an earlier message of a new node",
		func(_ []broker.Publication, missed int) bool { return missed == 2 },
	)
	n.sendRaw(t, `{"v":2,"n":"other","c":5,"i":true}`)
	receivedB.await(
		t,
		"an incomplete message",
		func(_ []broker.Publication, missed int) bool { return missed == 3 },
	)
}

// manyUsers: a publication that is larger than a message is sent in parts. A new room with so many users
// is not published: receivers poll.
func manyUsers(t *testing.T, n network) {
	a, _, _, receivedB := pair(t, n)
	var users []string
	for i := range 1000 {
		users = append(users, fmt.Sprint(strings.Repeat("x", 120), i))
	}
	moved, made := uuid.New(), uuid.New()
	a.Publish(broker.Publication{Room: moved, Seq: 3, Users: users})
	a.Publish(broker.Publication{Room: made, Created: true, Users: users})
	few := uuid.New()
	a.Publish(broker.Publication{ // its users fit into a notification
		Room: few, Created: true, Users: users[:30], Commit: text{0, 5000},
	})
	receivedB.await(
		t,
		"the room with a commit",
		func(publications []broker.Publication, _ int) bool {
			return slices.ContainsFunc(publications, func(p broker.Publication) bool {
				return p.Room == few && p.Created && slices.Equal(p.Users, users[:30])
			})
		},
	)
	receivedB.await(
		t,
		"all users, and a missed room",
		func(publications []broker.Publication, missed int) bool {
			var received []string
			for _, h := range publications {
				if h.Room == moved {
					received = append(received, h.Users...)
				}
				if h.Room == made && h.Created {
					t.Errorf("received a room with %d users", len(h.Users))
				}
			}
			return missed > 0 && len(received) == len(users) && slices.Equal(received, users)
		},
	)
}
