package app_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"entgo.io/ent/dialect"

	"parley/internal/testkit"
)

// TestNewerSchema has two servers of this version on a database that the next one has migrated,
// which only adds: one that was there before, in the middle of its work, and one that starts on it.
// Both do all that they did, and leave the schema alone.
func TestNewerSchema(t *testing.T) {
	for name, database := range map[string]func(*testing.T) (url, driver, source string){
		dialect.SQLite: func(t *testing.T) (string, string, string) {
			path := filepath.Join(t.TempDir(), "parley.db")
			return "sqlite:" + path, "sqlite", "file:" + path + "?_pragma=busy_timeout(10000)"
		},
		dialect.Postgres: func(t *testing.T) (string, string, string) {
			url := testkit.MigratedPostgresURL(t)
			return url, "postgres", url
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, driver, source := database(t)
			before := testkit.StartOn(t, url)
			rooms := []string{work(t, before, before)}

			db, err := sql.Open(driver, source)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			expand(t, db)
			versions := count(t, db, "goose_db_version")

			rooms = append(
				rooms,
				work(t, before, before),
			) // what it had prepared is of the old tables
			after := testkit.StartOn(t, url)
			for _, s := range []*testkit.Server{before, after} {
				for _, other := range []*testkit.Server{before, after} {
					rooms = append(rooms, work(t, s, other))
				}
			}
			for _, s := range []*testkit.Server{before, after} {
				if mine := s.As("alice").
					Do(`{ myRoomIds }`, nil).
					List("myRoomIds"); len(
					mine,
				) != len(
					rooms,
				) {
					t.Errorf("alice is in %d rooms, want %d", len(mine), len(rooms))
				}
			}
			if n := count(t, db, "goose_db_version"); n != versions {
				t.Errorf("there are %d versions of the schema, and were %d", n, versions)
			}
			if n := count(t, db, "a_new_table"); n != 1 {
				t.Errorf("the new table has %d rows", n)
			}
		})
	}
}

// expand does to all tables what the next version's migration may do.
func expand(t *testing.T, db *sql.DB) {
	t.Helper()
	for _, table := range []string{"users", "rooms", "members", "messages", "room_events", "reactions", "bans", "room_tags", "seats", "room_requests", "ended_memberships"} {
		for _, column := range []string{"new_text text NOT NULL DEFAULT 'x'", "new_number bigint"} {
			mustExec(t, db, "ALTER TABLE "+table+" ADD COLUMN "+column)
		}
	}
	mustExec(t, db, "CREATE TABLE a_new_table (n bigint)")
	mustExec(t, db, "INSERT INTO a_new_table VALUES (1)")
	mustExec(t, db, "CREATE INDEX a_new_index ON messages (new_text)")
	mustExec(
		t,
		db,
		"INSERT INTO goose_db_version (version_id, is_applied) VALUES (99990101000000, true)",
	)
}

func mustExec(t *testing.T, db *sql.DB, statement string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func count(t *testing.T, db *sql.DB, table string) (n int) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// work does with two servers what writes to each table and reads it, in a room of its own, which it
// returns.
func work(t *testing.T, s, other *testkit.Server) string {
	t.Helper()
	alice, bob := s.As("alice"), other.As("bob")
	other.As("carol")
	key := fmt.Sprint(t.Name(), len(alice.Do(`{ myRoomIds }`, nil).List("myRoomIds")))
	room := alice.Do(`mutation($key: String) { createRoom(input: {memberIds: ["bob"], tags: ["a"], idempotencyKey: $key}) { room { id } } }`,
		testkit.Vars{"key": key}).
		Str("createRoom.room.id")
	in := testkit.Vars{"room": room}
	events := bob.Subscribe(
		`subscription($room: ID!) { roomEvents(roomId: $room, after: 0) { __typename seq room { name tags } } }`,
		in,
	)
	events.Next() // StreamOpened
	send := `mutation($room: ID!, $text: String!, $key: String) {
		sendMessage(input: {roomId: $room, contents: $text, idempotencyKey: $key}) { message { id seq } } }`
	first := alice.Do(send, testkit.Vars{"room": room, "text": "one", "key": "k"}).
		At("sendMessage.message")
	if again := alice.Do(send, testkit.Vars{"room": room, "text": "one", "key": "k"}).
		Int("sendMessage.message.seq"); again != 1 {
		t.Errorf("sent twice it is at %d", again)
	}
	bob.Do(send, testkit.Vars{"room": room, "text": "two"})
	alice.Do(`mutation($id: ID!) {
		editMessage(messageId: $id, contents: "edited") { message { id } }
		react(messageId: $id, emoji: "👍", on: true) { message { id } } }`, testkit.Vars{"id": first.Str("id")})
	alice.Do(`mutation($room: ID!) {
		addMembers(roomId: $room, userIds: ["carol"]) { members { id } }
		updateRoom(input: {roomId: $room, name: "Garden", tags: ["b", "c"]}) { room { id } }
		removeMember(roomId: $room, userId: "carol", ban: true) { userId }
		deleteMessage(messageId: "`+first.Str("id")+`") { message { id } } }`, in)
	bob.Do(`mutation($room: ID!) { markRead(roomId: $room, seq: 2) { room { id } } }`, in)
	var kinds []string
	for len(kinds) < 8 {
		kinds = append(kinds, events.Next().Str("roomEvents.__typename"))
	}
	const want = "MessageAdded MessageAdded MessageEdited ReactionsChanged MemberJoined RoomUpdated MemberLeft MessageDeleted"
	if got := strings.Join(kinds, " "); got != want {
		t.Errorf("the events are %s, want %s", got, want)
	}
	got := bob.Do(`query($room: ID!) { roomInfo(roomId: $room) { seq name tags unreadCount memberCount latestMessage { contents from { nickName } }
		members { nodes { id } } messages(first: 10) { nodes { contents deletedAt } } } }`, in).
		At("roomInfo")
	if got.Int("seq") != 8 || got.Str("name") != "Garden" || got.Int("unreadCount") != 0 ||
		got.Int("memberCount") != 2 ||
		got.Str("latestMessage.contents") != "two" ||
		len(got.List("messages.nodes")) != 2 ||
		len(got.List("members.nodes")) != 2 {
		t.Errorf("the room is %v", got)
	}
	bob.Do(`{ myRooms { nodes { id unreadCount members { nodes { nickName } } } } }`, nil)
	events.Close()
	return room
}
