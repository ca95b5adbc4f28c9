package graph_test

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/internal/app"
	"parley/internal/live"
	"parley/internal/testkit"
	"parley/internal/testkit/scale"
	"parley/internal/web"
)

// long is a message of 48 kB, of which some hundreds do not fit into the buffers of a connection.
var long = strings.Repeat("話", 16_000)

const longAdded = `subscription($room: ID!, $after: Int) { messageAdded(roomId: $room, after: $after) { seq contents } }`

// readUntil reads a stream behind seq until it says end, and complains where it lost anything.
func readUntil(t *testing.T, stream *testkit.Stream, seq int) {
	t.Helper()
	for {
		event := stream.Next().At("messageAdded")
		if got := event.Int("seq"); got != seq+1 {
			t.Errorf("got %d behind %d", got, seq)
		}
		if seq = event.Int("seq"); event.Str("contents") == "end" {
			return
		}
	}
}

// sendLong sends long messages behind seq, while others read all of them. It returns the last seq.
func sendLong(t *testing.T, c *testkit.Client, room string, seq, messages, readers int) int {
	t.Helper()
	var reading sync.WaitGroup
	for range readers {
		stream := c.Subscribe(longAdded, testkit.Vars{"room": room, "after": seq})
		reading.Go(func() { // ends with the last message
			defer stream.Close()
			readUntil(t, stream, seq)
		})
	}
	for range messages {
		sendText(c, room, long)
	}
	seq = sendText(c, room, "end").Int("seq")
	reading.Wait()
	return seq
}

// TestStalledReadersCostNothing: what a client does not take is not kept for it, and not lost to
// it.
func TestStalledReadersCostNothing(t *testing.T) {
	messages, most := scale.Or(500, 250), scale.Or[int64](12<<20, 6<<20) // of 24 MB, or 12
	s := testkit.StartApp(
		t,
		"sqlite:"+t.TempDir()+"/parley.db",
		app.Options{Limits: web.Limits{Write: time.Hour}},
	)
	alice := s.As("alice")
	room := makeRoom(alice, nil)
	seq := sendLong(t, alice, room, 0, 20, 4)
	stalled := make([]*testkit.Stream, 10)
	for i := range stalled {
		stalled[i] = alice.Subscribe(longAdded, testkit.Vars{"room": room, "after": seq})
	}
	before := heapBytes()
	sendLong(t, alice, room, seq, messages, 4)
	grown := int64(heapBytes()) - int64(before)
	t.Logf("the heap has grown by %d KiB", grown>>10)
	if grown > most {
		t.Errorf(
			"the heap grew by %d KiB while %d KiB were not read",
			grown>>10,
			messages*len(long)>>10,
		)
	}
	for _, stream := range stalled[:3] {
		readUntil(t, stream, seq)
		stream.Close()
	}
}

// heapBytes returns how many bytes live on the heap.
func heapBytes() uint64 {
	runtime.GC()
	runtime.GC() // the first one has left what pools keep
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestStalledReaderIsCutOff when its time is over, and goes on where it was when it comes back.
func TestStalledReaderIsCutOff(t *testing.T) {
	t.Parallel()
	s := testkit.StartApp(
		t,
		"sqlite:"+t.TempDir()+"/parley.db",
		app.Options{Limits: web.Limits{Write: 2 * time.Second}},
	)
	alice := s.As("alice")
	room := makeRoom(alice, nil)
	stalled := alice.Subscribe(longAdded, testkit.Vars{"room": room, "after": 0})
	messages := scale.Or(400, 250)
	sendLong(t, alice, room, 0, messages, 0)
	await(
		t,
		"the reader is cut off",
		func() bool { return metric(t, s, "parley_sockets_too_slow_total") == 1 },
	)
	said, code := stalled.ReadToClose() // what was on its way
	if code != 1013 && code != -1 {
		t.Errorf("cut off with %d", code)
	}
	if len(said) >= messages {
		t.Fatal("no subscriber was cut off")
	}
	again := alice.Subscribe(longAdded, testkit.Vars{"room": room, "after": len(said)})
	defer again.Close()
	readUntil(t, again, len(said))
}

// TestSubscriptionsOfOneSocketTakeTurns: what a client has asked for many times over on a socket
// that it does not read is not made many times over before it is, and then comes whole.
func TestSubscriptionsOfOneSocketTakeTurns(t *testing.T) {
	t.Parallel()
	const subscriptions, messages = 60, 12 // 600 kB to each, of which 256 are a page
	s := testkit.StartApp(
		t,
		"sqlite:"+t.TempDir()+"/parley.db",
		app.Options{Limits: web.Limits{Write: time.Hour}},
	)
	alice := s.As("alice")
	rooms := make([]string, subscriptions/live.MaxKeys)
	for i := range rooms {
		rooms[i] = makeRoom(alice, nil)
		for range messages {
			sendText(alice, rooms[i], long)
		}
	}
	socket := alice.Socket()
	defer socket.Cut()
	for i := range subscriptions {
		room := rooms[i%len(rooms)]
		socket.Subscribe(
			fmt.Sprint(i),
			fmt.Sprintf(
				`subscription { a%d: messageAdded(roomId: %q, after: 0) { seq contents } }`,
				i,
				room,
			),
		)
	}
	pages, since := 0, time.Now()
	await(t, "no more is made", func() bool {
		if now := metric(t, s, "parley_catch_up_pages_total"); now != pages {
			pages, since = now, time.Now()
		}
		return pages > 0 && time.Since(since) > time.Second
	})
	t.Logf("%d pages were made", pages)
	if pages > subscriptions/2 { // some fit into the buffers of the connection
		t.Errorf("%d pages were made for a client that reads nothing", pages)
	}
	heard := make(map[string]int)
	for range subscriptions * messages {
		id, data := socket.Next()
		heard[id]++
		if seq := data.Int("a" + id + ".seq"); seq != heard[id] {
			t.Fatalf("%s hears %d behind %d", id, seq, heard[id]-1)
		}
	}
}

// TestNothingToShowHoldsUpNobody: a subscription behind which nothing has come that it shows leaves
// the socket to the others.
func TestNothingToShowHoldsUpNobody(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice := s.As("alice")
		s.As("bob")
		quiet, lively := makeRoom(
			alice,
			testkit.Vars{"memberIds": []string{"bob"}},
		), makeRoom(
			alice,
			nil,
		)
		id := sendText(alice, quiet, "first").Str("id")
		for range 3 { // and then no message any more
			alice.Do(
				`mutation($id: ID!, $on: Boolean!) { react(messageId: $id, emoji: "x", on: $on) { message { id } } }`,
				testkit.Vars{"id": id, "on": true},
			)
			alice.Do(
				`mutation($id: ID!, $on: Boolean!) { react(messageId: $id, emoji: "x", on: $on) { message { id } } }`,
				testkit.Vars{"id": id, "on": false},
			)
		}
		socket := alice.Socket()
		defer socket.Close()
		for i := range 5 {
			socket.Subscribe(
				fmt.Sprint("quiet ", i),
				fmt.Sprintf(
					`subscription { a%d: messageAdded(roomId: %q, after: 1) { seq } }`,
					i,
					quiet,
				),
			)
		}
		socket.Subscribe(
			"lively",
			fmt.Sprintf(`subscription { roomEvents(roomId: %q) { __typename } }`, lively),
		)
		want := func(id, kind string) {
			t.Helper()
			if got, data := socket.Next(); got != id || data.Str("roomEvents.__typename") != kind {
				t.Errorf("heard %s of %q, want %s of %q", data, got, kind, id)
			}
		}
		want("lively", "StreamOpened")
		sendText(alice, lively, "x")
		want("lively", "MessageAdded")
		sendText(alice, quiet, "x")
		heard := make(map[string]bool)
		for range 5 {
			id, _ := socket.Next()
			heard[id] = true
		}
		if len(heard) != 5 {
			t.Errorf("%v hear of a message, want all five", heard)
		}
	})
}
