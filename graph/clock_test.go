package graph_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"parley/internal/testkit"
)

// TestClockAhead: a node whose clock is an hour ahead writes to a room. Then a node with the right
// time writes. The times of the room do not run backwards, the order is right, and no event is
// missed or counted twice.
func TestClockAhead(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url, driver, source string) {
		there := testkit.StartOn(t, url).As("alice")
		testkit.StartOn(t, url).As("bob")
		room := makeRoom(there, testkit.Vars{"memberIds": []string{"bob"}})
		sendText(there, room, "early")
		sendText(there, room, "from the future")
		ahead := time.Now().Add(time.Hour).UTC().Truncate(time.Microsecond)
		changeTimes(
			t,
			driver,
			source,
			ahead,
			`UPDATE rooms SET event_at = $1, updated_at = $1`,
			`UPDATE messages SET created_at = $1 WHERE seq = (SELECT seq FROM rooms WHERE id = room_id)`,
		)

		here := testkit.StartOn(t, url)
		alice, bob := here.As("alice"), here.As("bob")
		stream := bob.Subscribe(roomEvents, testkit.Vars{"room": room, "after": 0})
		stream.Next() // StreamOpened
		live := bob.Subscribe(messageAdded, testkit.Vars{"room": room, "after": 2})
		here.As("carol")
		first := sendText(alice, room, "right") // alone
		var together sync.WaitGroup
		for i := range 10 {
			together.Go(
				func() { sendText(here.With(here.Token("alice")), room, fmt.Sprint("together ", i)) },
			)
		}
		together.Wait()
		sendText(
			bob,
			room,
			"my own",
			testkit.Vars{"idempotencyKey": "k", "mentionIds": []string{"alice"}},
		)
		alice.Do(
			`mutation($id: ID!) { editMessage(messageId: $id, contents: "edited") { message { id } }
			react(messageId: $id, emoji: "👍", on: true) { message { id } } }`,
			testkit.Vars{"id": first.Str("id")},
		)
		alice.Do(addMembers, testkit.Vars{"room": room, "users": []string{"carol"}})
		alice.Do(setRole, testkit.Vars{"room": room, "user": "carol", "role": "MODERATOR"})
		alice.Do(updateRoom, testkit.Vars{"input": testkit.Vars{"roomId": room, "name": "Garden"}})
		alice.Do(kick, testkit.Vars{"room": room, "user": "carol"})
		alice.Do(
			`mutation($id: ID!) { deleteMessage(messageId: $id) { message { id } } }`,
			testkit.Vars{"id": first.Str("id")},
		)
		other := makeRoom(
			alice,
			testkit.Vars{"memberIds": []string{"bob"}},
		) // by a clock that is right

		// The stream has all of it, in order, and time stands still until the hour is over.
		const last = 2 + 1 + 10 + 1 + 2 + 1 + 1 + 1 + 1 + 1
		before := time.Time{}
		for seq := 1; seq <= last; seq++ {
			event := stream.Next()
			at := when(t, event.Str("roomEvents.at"))
			if got := event.Int("roomEvents.seq"); got != seq {
				t.Fatalf("the stream has %d, want %d", got, seq)
			}
			if at.Before(before) || seq >= 2 && at.Before(ahead) {
				t.Errorf(
					"event %d is of %v, and the one before it of %v; the room's time is %v",
					seq,
					at,
					before,
					ahead,
				)
			}
			before = at
		}
		for seq := 3; seq <= 14; seq++ {
			if got := live.Next().Int("messageAdded.seq"); got != seq {
				t.Fatalf("the stream of messages has %d, want %d", got, seq)
			}
		}

		// So do the lists.
		const read = `query($room: ID!) { roomInfo(roomId: $room) { seq unreadCount updatedAt latestMessage { contents }
			messages(first: 100) { nodes { seq createdAt editedAt deletedAt } } } }`
		got := bob.Do(read, testkit.Vars{"room": room}).At("roomInfo")
		if got.Int("seq") != last || got.Int("unreadCount") != 13 ||
			got.Str("latestMessage.contents") != "my own" {
			t.Errorf("the room is %v", got)
		}
		if updated := when(t, got.Str("updatedAt")); updated.Before(ahead) {
			t.Errorf("the room is of %v", updated)
		}
		before = time.Time{}
		for i, m := range got.List("messages.nodes") {
			at := when(t, m.Str("createdAt"))
			if m.Int("seq") != i+1 || at.Before(before) {
				t.Errorf("message %d, %v, is behind one of %v", i+1, m, before)
			}
			before = at
			if m.Int("seq") == 3 && when(t, m.Str("deletedAt")).Before(at) {
				t.Errorf("deleted before it was sent: %v", m)
			}
		}
		mine := bob.Do(`{ myRooms { nodes { id } } }`, nil).List("myRooms.nodes")
		if len(mine) != 2 || mine[0].Str("id") != room || mine[1].Str("id") != other {
			t.Errorf("bob's rooms are %v", mine)
		}
		for _, step := range []struct{ read, unread int }{{2, 11}, {13, 0}, {2, 0}} { // what is read stays so
			bob.Do(
				`mutation($room: ID!, $seq: Int!) { markRead(roomId: $room, seq: $seq) { room { id } } }`,
				testkit.Vars{"room": room, "seq": step.read},
			)
			if unread := bob.Do(read, testkit.Vars{"room": room}).
				Int("roomInfo.unreadCount"); unread != step.unread {
				t.Errorf(
					"read up to %d, bob has %d unread, want %d",
					step.read,
					unread,
					step.unread,
				)
			}
		}
		if again := sendText(
			bob,
			room,
			"my own",
			testkit.Vars{"idempotencyKey": "k", "mentionIds": []string{"alice"}},
		); again.Int(
			"seq",
		) != 14 {
			t.Errorf("sent again it is at %d", again.Int("seq"))
		}
	})
}

// eachDatabase runs test with a database of each kind: what a server is given for it, and what
// database/sql is.
func eachDatabase(t *testing.T, test func(t *testing.T, url, driver, source string)) {
	t.Helper()
	t.Run(dialect.SQLite, func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "parley.db")
		test(t, "sqlite:"+path, "sqlite", "file:"+path)
	})
	t.Run(dialect.Postgres, func(t *testing.T) {
		t.Parallel()
		url := testkit.MigratedPostgresURL(t)
		test(t, url, "postgres", url)
	})
}

// changeTimes runs statements that are given a time, as a clock that is wrong would have left it.
func changeTimes(t *testing.T, driver, source string, at time.Time, statements ...string) {
	t.Helper()
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range statements {
		// As the server writes times into SQLite; PostgreSQL reads it, too.
		if _, err := db.ExecContext(
			t.Context(),
			statement,
			at.Format("2006-01-02 15:04:05.999999999-07:00"),
		); err != nil {
			t.Fatal(err)
		}
	}
}

func when(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}
