package graph_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"parley/internal/app"
	"parley/internal/config"
	"parley/internal/testkit"
	"parley/internal/testkit/scale"
)

// TestMyEventsInput refuses what cannot be meant.
func TestMyEventsInput(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice, bob := s.As("alice"), s.As("bob")
		room := makeRoom(alice, nil)
		foreign := makeRoom(bob, testkit.Vars{"accessType": "PUBLIC"})
		many := func(n int) (positions []testkit.Vars, ids []string) {
			for range n {
				id := uuid.NewString()
				positions, ids = append(positions, position(id, 1_000_000)), append(ids, id)
			}
			return positions, ids
		}
		tooMany, tooManyIDs := many(1001)
		for name, c := range map[string]struct {
			vars  testkit.Vars
			field string
		}{
			"negative":           {testkit.Vars{"after": []testkit.Vars{position(room, -1)}}, "after"},
			"a position twice":   {testkit.Vars{"after": []testkit.Vars{position(room, 0), position(room, 1)}}, "after"},
			"too many positions": {testkit.Vars{"after": tooMany}, "after"},
			"nonsense twice": {
				testkit.Vars{"after": []testkit.Vars{position("x", 0), position("x", 1)}}, "after",
			},
			"a room twice":   {testkit.Vars{"rooms": []string{room, room}}, "rooms"},
			"too many rooms": {testkit.Vars{"rooms": tooManyIDs}, "rooms"},
		} {
			e := alice.Subscribe(myEvents, c.vars).Error()
			if e.Extensions["code"] != "BAD_USER_INPUT" || e.Extensions["field"] != c.field {
				t.Errorf("%s: %+v", name, e)
			}
		}
		if e := s.With("").
			Subscribe(myEvents, nil).
			Error(); e.Extensions["code"] != "UNAUTHENTICATED" {
			t.Errorf("without a token: %+v", e)
		}

		positions, ids := many(999)
		stream := alice.Subscribe(myEvents, testkit.Vars{
			"after": append(positions, position(room, 0)), "rooms": append(ids, room),
		})
		items := opened(t, stream)
		if len(items) != 1000 || items[room][0] != "StreamOpened 0" ||
			items[ids[7]][0] != "ENDED NOT_FOUND" {
			t.Errorf("%d rooms: %v, %v", len(items), items[room], items[ids[7]])
		}

		// Ids that are those of no room come back as they are.
		nowhere := []testkit.Vars{position("nonsense", 1), position("", 2), position(room, 0)}
		if diff := cmp.Diff(map[string][]string{
			room: {"StreamOpened 0"}, "nonsense": {"ENDED NOT_FOUND"}, "": {"ENDED NOT_FOUND"},
		}, opened(t, alice.Subscribe(myEvents, testkit.Vars{"after": nowhere}))); diff != "" {
			t.Errorf("ids of no room (-want +got):\n%s", diff)
		}

		// rooms restricts the stream, also for rooms joined later.
		joined, skipped := makeRoom(bob, testkit.Vars{"accessType": "PUBLIC"}), makeRoom(alice, nil)
		stream = alice.Subscribe(myEvents, testkit.Vars{
			"after": []testkit.Vars{position(skipped, 0), position(foreign, 0)},
			"rooms": []string{room, joined, "nonsense"},
		})
		if diff := cmp.Diff(map[string][]string{
			room: {"StreamOpened 0"}, joined: {"ENDED NOT_FOUND"}, "nonsense": {"ENDED NOT_FOUND"},
		}, opened(t, stream)); diff != "" {
			t.Errorf("restricted (-want +got):\n%s", diff)
		}
		sendText(alice, skipped, "1")
		for _, id := range []string{foreign, joined} {
			alice.Do(
				`mutation($r: ID!) { joinRoom(roomId: $r) { room { id } } }`,
				testkit.Vars{"r": id},
			)
		}
		expectItems(t, stream, map[string][]string{joined: {"StreamOpened 1", "MemberJoined 1"}})
		sendText(alice, room, "1")
		expectItems(t, stream, map[string][]string{room: {"MessageAdded 1"}})
		if items := opened(
			t,
			alice.Subscribe(myEvents, testkit.Vars{"rooms": []string{}}),
		); len(
			items,
		) != 0 {
			t.Errorf("no rooms: %v", items)
		}
	})
}

// TestMyEventsStatements: opening a stream takes the same number of statements for any number of
// rooms, and an event takes none for it.
func TestMyEventsStatements(t *testing.T) {
	const withRooms = `subscription($after: [RoomPosition!]) { myEvents(after: $after) { kind roomId
		event { seq room { name memberCount creator { nickName } } ... on MessageAdded { message { contents } } } } }`
	testkit.EachApp(t, app.Options{PollInterval: time.Hour}, func(t *testing.T, s *testkit.Server) {
		alice := s.As("alice")
		var after []testkit.Vars
		var rooms []string
		count := func(n int) int {
			for len(rooms) < n {
				rooms = append(rooms, makeRoom(alice, nil))
				sendText(alice, rooms[len(rooms)-1], "1")
				after = append(after, position(rooms[len(rooms)-1], 1))
			}
			return len(s.Statements(func() {
				stream := alice.Subscribe(withRooms, testkit.Vars{"after": after})
				for n := range n {
					if e := stream.Next().At("myEvents"); e.Str("kind") != "EVENT" {
						t.Fatalf("item %d is %v", n, e)
					}
				}
				if e := stream.Next().At("myEvents"); e.Str("kind") != "READY" {
					t.Fatalf("%v instead of READY", e)
				}
				stream.Close()
			}))
		}
		size := scale.Or(200, 60)
		few, many := count(5), count(size)
		t.Logf("%d statements for 5 rooms, %d for %d", few, many, size)
		if many > few || few == 0 {
			t.Errorf("%d statements for 5 rooms, %d for %d", few, many, size)
		}
		alone := len(s.Statements(func() { sendText(alice, rooms[7], "2") }))
		stream := alice.Subscribe(myEvents, nil)
		opened(t, stream)
		time.Sleep(100 * time.Millisecond)
		with := len(s.Statements(func() {
			sendText(alice, rooms[7], "3")
			expectItems(t, stream, map[string][]string{rooms[7]: {"MessageAdded 3"}})
		}))
		if with > alone {
			t.Errorf("a message takes %d statements without a stream and %d with one", alone, with)
		}
	})
}

// TestMyEventsShareExecutions: one rendering of an event serves all streams with the same
// selection, whatever their positions and rooms are.
func TestMyEventsShareExecutions(t *testing.T) {
	const streams = 100
	testkit.EachApp(t, app.Options{PollInterval: time.Hour}, func(t *testing.T, s *testkit.Server) {
		alice, bob := s.As("alice"), s.As("bob")
		room := makeRoom(alice, testkit.Vars{"memberIds": []string{"bob"}})
		sendText(alice, room, "1")
		other := makeRoom(bob, nil)
		all := make([]*testkit.Stream, streams)
		for i := range all {
			vars := testkit.Vars{"after": []testkit.Vars{position(room, 1)}}
			if i%3 == 0 {
				vars["rooms"] = []string{room}
			}
			all[i] = []*testkit.Client{alice, bob}[i%2].Subscribe(myEvents, vars)
			opened(t, all[i])
		}
		time.Sleep(100 * time.Millisecond) // until they are parked
		before := metric(t, s, "parley_executions_total")
		sendText(alice, room, "2")
		for _, stream := range all {
			expectItems(t, stream, map[string][]string{room: {"MessageAdded 2"}})
		}
		if n := metric(t, s, "parley_executions_total") - before; n != 1 {
			t.Errorf("an event is rendered %d times for %d streams", n, streams)
		}
		sendText(bob, other, "1")
		expectItems(t, all[1], map[string][]string{other: {"MessageAdded 1"}})
		if n := metric(t, s, "parley_streams"); n != streams {
			t.Errorf("parley_streams is %d, want %d", n, streams)
		}
	})
}

// TestMyEventsCarryTheirSeq looks at the extensions.
func TestMyEventsCarryTheirSeq(t *testing.T) {
	s := testkit.Start(t, "sqlite3")
	alice := s.As("alice")
	room := makeRoom(alice, nil)
	stream := alice.Subscribe(
		`subscription($after: [RoomPosition!]) { myEvents(after: $after) { roomId } }`,
		testkit.Vars{"after": []testkit.Vars{position(room, 3)}},
	)
	for i, want := range []string{
		`{"data":{"myEvents":{"roomId":"` + room + `"}}}`,
		`{"data":{"myEvents":{"roomId":"` + room + `"}},"extensions":{"seq":0,"resync":true}}`,
		`{"data":{"myEvents":{"roomId":null}}}`,
		`{"data":{"myEvents":{"roomId":"` + room + `"}},"extensions":{"seq":1}}`,
	} {
		if i == 3 {
			sendText(alice, room, "1") // after the stream has been opened
		}
		var compact json.RawMessage = stream.Raw()
		if string(compact) != want {
			t.Errorf("got %s, want %s", compact, want)
		}
	}
}

// TestMyEventsLimits: a user cannot follow more rooms than there is memory for.
func TestMyEventsLimits(t *testing.T) {
	const rooms = 70 // of 8 MiB a quarter is for streams, and an eighth of that, 512 rooms, for a user
	s := testkit.Start(
		t,
		"sqlite3",
		func(cfg *config.Config) { cfg.MaxSocketMemory, cfg.MaxBodyBytes = 8<<20, 64<<10 },
	)
	alice := s.As("alice")
	for range rooms {
		makeRoom(alice, nil)
	}
	streams := make([]*testkit.Stream, 512/rooms)
	for i := range streams {
		streams[i] = alice.Subscribe(myEvents, nil)
		opened(t, streams[i])
	}
	if e := alice.Subscribe(myEvents, nil).Error(); e.Extensions["code"] != "RATE_LIMITED" {
		t.Errorf("one stream too many: %+v", e)
	}
	for _, stream := range streams {
		stream.Close()
	}
	await(t, "the memory is released", func() bool {
		return metric(t, s, `parley_memory_reserved_bytes{budget="streams"}`) == 0
	})
	opened(t, alice.Subscribe(myEvents, nil))
}

// TestMyEventsLeaveNothing: streams that are completed or cut, at any time, leave nothing behind.
func TestMyEventsLeaveNothing(t *testing.T) {
	const sockets = 8
	cycles := scale.Or(400, 200)
	s := testkit.Start(t, "sqlite3")
	alice := s.As("alice")
	for range 20 {
		sendText(alice, makeRoom(alice, nil), "1")
	}
	payload, err := json.Marshal(testkit.Vars{"query": myEvents})
	if err != nil {
		t.Fatal(err)
	}
	cycle := func(times int) {
		inParallel(sockets, func() int {
			for i := range times / sockets {
				socket := alice.Socket()
				socket.Send(`{"id":"1","type":"subscribe","payload":` + string(payload) + `}`)
				for range i % 25 {
					socket.Next()
					if i%25 > 21 {
						break
					}
				}
				if i%2 == 0 {
					socket.Send(`{"id":"1","type":"complete"}`)
					socket.Close()
				} else {
					socket.Cut()
				}
			}
			return 0
		})
	}
	cycle(cycles / 10)
	goroutines, _ := waitForGoroutines(t, 0)
	cycle(cycles)
	for _, name := range []string{
		"parley_streams", "parley_subscriptions", "parley_topics", "parley_cohorts",
		`parley_memory_reserved_bytes{budget="streams"}`,
	} {
		await(t, name+" is 0", func() bool { return metric(t, s, name) == 0 })
	}
	if after, _ := waitForGoroutines(t, goroutines); after > goroutines+5 {
		t.Errorf("%d goroutines, %d before", after, goroutines)
	}
}

// TestMyEventsForgetPositions: the positions do not count as memory for as long as the stream
// lives.
func TestMyEventsForgetPositions(t *testing.T) {
	s := testkit.Start(t, "sqlite3")
	alice := s.As("alice")
	after := make([]testkit.Vars, 1000)
	for i := range after {
		after[i] = position(uuid.NewString(), i)
	}
	stream := alice.Subscribe(myEvents, testkit.Vars{"after": after})
	opened(t, stream)
	await(t, "the positions are released", func() bool {
		return metric(t, s, `parley_memory_reserved_bytes{budget="connections"}`) < 64<<10
	})
}
