package graph_test

import (
	"sync"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"parley/internal/app"
	"parley/internal/broker"
	"parley/internal/chat/write"
	"parley/internal/testkit"
)

const roomCreated = `subscription($scope: RoomScope!) { roomCreated(scope: $scope) { id name viewerRole memberCount members { nodes { id } } creator { nickName } } }`

// listen subscribes and returns when the stream hears what its owner makes.
func listen(c *testkit.Client, scope string) *testkit.Stream {
	s := c.Subscribe(roomCreated, testkit.Vars{"scope": scope})
	s.AwaitStart(
		func() string { return makeRoom(c, testkit.Vars{"name": "awake?", "accessType": "PUBLIC"}) },
		func(event testkit.JSON) string { return event.Str("roomCreated.id") },
	)
	return s
}

func TestRoomCreated(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice, bob, carol := s.As("alice"), s.As("bob"), s.As("carol")
		mine := listen(bob, "MINE")
		again := listen(bob, "MINE") // another device: it hears the first one's too
		lobby := listen(carol, "PUBLIC")

		private := makeRoom(alice, testkit.Vars{"name": "private", "memberIds": []string{"bob"}})
		makeRoom(alice, testkit.Vars{"accessType": "PRIVATE"})
		friend := makeRoom(
			alice,
			testkit.Vars{"accessType": "FRIEND", "memberIds": []string{"bob"}},
		)
		public := makeRoom(
			alice,
			testkit.Vars{"name": "public", "accessType": "PUBLIC", "memberIds": []string{"bob"}},
		)
		elsewhere := makeRoom(carol, testkit.Vars{"accessType": "PUBLIC"})
		repeated := testkit.Vars{
			"accessType":     "PUBLIC",
			"memberIds":      []string{"bob"},
			"idempotencyKey": "k",
		}
		last := makeRoom(alice, repeated)
		makeRoom(alice, repeated) // not created again

		end := makeRoom(bob, nil)
		for name, stream := range map[string]*testkit.Stream{"mine": mine, "again": again} {
			for _, want := range []string{private, friend, public, last, end} {
				event := next(stream)
				if event.Str("id") != want {
					t.Fatalf("%s: received %v, want %s", name, event, want)
				}
				if want == private &&
					(event.Str("viewerRole") != "MEMBER" || event.Str("members.nodes.0.id") != "alice" || event.Str("creator.nickName") != "alice") {
					t.Errorf("the event is %v", event)
				}
			}
		}
		for _, want := range []string{public, elsewhere, last} {
			if event := next(lobby); event.Str("id") != want {
				t.Fatalf("the lobby received %v, want %s", event, want)
			}
		}
	})
}

// next returns the next room that is received, without those that listen creates.
func next(s *testkit.Stream) testkit.JSON {
	for {
		if event := s.Next().At("roomCreated"); event.Str("name") != "awake?" {
			return event
		}
	}
}

func TestRoomCreatedNobody(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		stream := s.With("").Subscribe(roomCreated, testkit.Vars{"scope": "PUBLIC"})
		if e := stream.Error(); e.Extensions["code"] != "UNAUTHENTICATED" {
			t.Errorf("got %+v", e)
		}
	})
}

// delayed is a publisher that can hold publications back.
type delayed struct {
	broker.Listener
	mu   sync.Mutex
	hold bool
	held []broker.Publication
}

func (d *delayed) Publish(p broker.Publication) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.held = append(d.held, p); !d.hold {
		d.release()
	}
}

// release passes on what is held. The publisher is locked.
func (d *delayed) release() {
	for _, p := range d.held {
		d.Receive(p)
	}
	d.held = nil
}

// during holds back what is published while do runs.
func (d *delayed) during(do func()) {
	set := func(hold bool) {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.hold = hold; !hold {
			d.release()
		}
	}
	set(true)
	defer set(false)
	do()
}

// TestRoomCreatedLate: a subscriber that can no longer see a room when its publication arrives
// receives the room as it was created, and nothing at all if its document selects more than that.
func TestRoomCreatedLate(t *testing.T) {
	for driver, url := range map[string]func(*testing.T) string{
		dialect.SQLite:   func(*testing.T) string { return "sqlite::memory:" },
		dialect.Postgres: func(t *testing.T) string { return testkit.MigratedPostgresURL(t) },
	} {
		for fields, shown := range map[string]bool{
			`description`: true, `messages(last: 1) { nodes { contents } } joinKey`: false,
		} {
			t.Run(driver+", "+fields, func(t *testing.T) {
				t.Parallel()
				testRoomCreatedLate(t, url(t), fields, shown)
			})
		}
	}
}

func testRoomCreatedLate(t *testing.T, url, fields string, shown bool) {
	var link *delayed
	s := testkit.StartApp(t, url, app.Options{
		PollInterval: time.Hour,
		Publisher: func(l broker.Listener) write.Publisher {
			link = &delayed{Listener: l}
			return link
		},
	})
	alice, bob := s.As("alice"), s.As("bob")
	subscribe := func(scope string) *testkit.Stream {
		document := `subscription($scope: RoomScope!) { roomCreated(scope: $scope) { id name ` + fields + ` } }`
		stream := bob.Subscribe(document, testkit.Vars{"scope": scope})
		stream.AwaitStart(func() string {
			return makeRoom(bob, testkit.Vars{"name": "awake?", "accessType": "PUBLIC"})
		}, func(event testkit.JSON) string { return event.Str("roomCreated.id") })
		return stream
	}
	mine, lobby := subscribe("MINE"), subscribe("PUBLIC")
	var private, public string
	link.during(func() {
		private = makeRoom(alice, testkit.Vars{"name": "before", "memberIds": []string{"bob"}})
		alice.Do(`mutation($room: ID!) { removeMember(roomId: $room, userId: "bob") { userId } }`,
			testkit.Vars{"room": private})
		sendText(alice, private, "without bob")
		public = makeRoom(alice, testkit.Vars{"name": "before", "accessType": "PUBLIC"})
		for _, room := range []string{private, public} {
			alice.Do(`mutation($in: UpdateRoomInput!) { updateRoom(input: $in) { room { id } } }`,
				testkit.Vars{"in": testkit.Vars{
					"roomId": room, "name": "after", "accessType": "PRIVATE",
				}})
		}
	})
	end := makeRoom(alice, testkit.Vars{
		"name": "end", "accessType": "PUBLIC", "memberIds": []string{"bob"},
	})
	for stream, room := range map[*testkit.Stream]string{mine: private, lobby: public} {
		event := next(stream)
		if shown {
			if event.Str("id") != room || event.Str("name") != "before" {
				t.Errorf("received %v, want %s as it was created", event, room)
			}
			event = next(stream)
		}
		if event.Str("id") != end {
			t.Errorf("received %v, want %s", event, end)
		}
	}
}
