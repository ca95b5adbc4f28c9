package graph_test

import (
	"slices"
	"testing"

	"parley/internal/testkit"
)

// TestUnknownOutcome breaks the connection to the database while a room is being committed.
func TestUnknownOutcome(t *testing.T) {
	t.Parallel()
	wire := testkit.NewWire(t, testkit.MigratedPostgresURL(t))
	s := testkit.StartOn(t, wire.URL)
	alice, bob := s.As("alice"), s.As("bob")
	heard := listen(bob, "MINE")
	mine := func() []string {
		return bob.Do(`{ myRooms(first: 100) { nodes { name } } }`, nil).
			Strs("myRooms.nodes.*.name")
	}
	newest := func() string {
		return bob.Do(`{ myRooms(first: 1) { nodes { id } } }`, nil).Strs("myRooms.nodes.*.id")[0]
	}
	room := func(name string) testkit.Vars { return testkit.Vars{"name": name, "memberIds": []string{"bob"}} }

	// With a key the server detects the outcome itself, and clients do not notice the lost response
	// or the lost publication.
	var want []string
	for name, loss := range map[string]testkit.Loss{
		"carried out": testkit.ResponseLost, "half said": testkit.ResponseCut, "not carried out": testkit.RequestLost,
	} {
		input := room(name)
		input["idempotencyKey"] = name
		wire.LoseCommit(loss)
		want = append(want, makeRoom(alice, input))
		if again := makeRoom(alice, input); again != want[len(want)-1] {
			t.Errorf("%s: made again as %s", name, again)
		}
		if n := count(mine(), name); n != 1 {
			t.Errorf("%s: there are %d rooms", name, n)
		}
	}

	// Without a key the outcome is unknown, and the error says so.
	for name, loss := range map[string]testkit.Loss{
		"perhaps": testkit.ResponseLost, "probably": testkit.ResponseCut, "perhaps not": testkit.RequestLost,
	} {
		wire.LoseCommit(loss)
		e := alice.Refused("UNAVAILABLE", createRoom, testkit.Vars{"input": room(name)})
		if safe, told := e.Extensions["safeToRetry"].(bool); safe || !told {
			t.Errorf("%s: safeToRetry is %v", name, e.Extensions["safeToRetry"])
		}
		if n := count(mine(), name); (n == 1) != (loss != testkit.RequestLost) || n > 1 {
			t.Errorf("%s: there are %d rooms", name, n)
		}
		if loss != testkit.RequestLost { // its member receives it
			want = append(want, newest())
		}
	}

	want = append(want, makeRoom(bob, nil))
	var got []string
	for range want {
		got = append(got, next(heard).Str("id"))
	}
	if !slices.Equal(got, want) {
		t.Errorf("received %v, want %v", got, want)
	}
}

// TestUnknownSend breaks the connection to the database while a message is being sent.
func TestUnknownSend(t *testing.T) {
	t.Parallel()
	wire := testkit.NewWire(t, testkit.MigratedPostgresURL(t))
	alice := testkit.StartOn(t, wire.URL).As("alice")
	room := makeRoom(alice, nil)
	sendText(alice, room, "prepares the statement on a connection")
	said := func() []string {
		return alice.Do(`query($room: ID!) { roomInfo(roomId: $room) { messages(first: 100) { nodes { contents } } } }`,
			testkit.Vars{"room": room}).
			Strs("roomInfo.messages.nodes.*.contents")
	}
	for name, loss := range map[string]testkit.Loss{
		"unanswered": testkit.ResponseLost, "half answered": testkit.ResponseCut, "unheard": testkit.RequestLost,
	} {
		input := testkit.Vars{
			"roomId":         room,
			"contents":       name + ", with a key",
			"idempotencyKey": name,
		}
		wire.LoseCommit(loss)
		alice.Do(sendMessage, testkit.Vars{"input": input})
		if n := count(said(), name+", with a key"); n != 1 {
			t.Errorf("%s: with a key it is there %d times", name, n)
		}
		wire.LoseCommit(loss)
		e := alice.Refused(
			"UNAVAILABLE",
			sendMessage,
			testkit.Vars{"input": testkit.Vars{"roomId": room, "contents": name}},
		)
		if safe, told := e.Extensions["safeToRetry"].(bool); safe || !told {
			t.Errorf("%s: safeToRetry is %v", name, e.Extensions["safeToRetry"])
		}
		if n := count(said(), name); (n == 1) != (loss != testkit.RequestLost) || n > 1 {
			t.Errorf("%s: it is there %d times", name, n)
		}
	}
}

func count(list []string, what string) int {
	n := 0
	for _, s := range list {
		if s == what {
			n++
		}
	}
	return n
}

// TestDatabaseUnavailable takes the database away and brings it back.
func TestDatabaseUnavailable(t *testing.T) {
	t.Parallel()
	wire := testkit.NewWire(t, testkit.MigratedPostgresURL(t))
	s := testkit.StartOn(t, wire.URL)
	alice := s.As("alice")
	wire.Cut()
	for _, query := range []string{`{ myRoomIds }`, `mutation { createRoom(input: {}) { room { id } } }`} {
		e := alice.Refused("UNAVAILABLE", query, nil)
		if safe, _ := e.Extensions["safeToRetry"].(bool); !safe {
			t.Errorf("%s: safeToRetry is %v", query, e.Extensions["safeToRetry"])
		}
	}
	wire.Heal()
	alice.Do(`{ myRoomIds }`, nil)
}
