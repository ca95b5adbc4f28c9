package app_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync/atomic"
	"testing"

	"entgo.io/ent/dialect"

	"parley/internal/testkit"
)

// database is one to make a backup of, as docs/operations.md says.
type database struct {
	url string
	// driver and source are for the SQL of the operator.
	driver, source string
}

// backups are how it is made and brought back, by the kind of the database.
func backups() map[string]func(*testing.T) (from database, backUp func() (restore func() database)) {
	return map[string]func(*testing.T) (database, func() func() database){
		dialect.SQLite: func(t *testing.T) (database, func() func() database) {
			in := func(name string) database {
				path := filepath.Join(t.TempDir(), name)
				return database{"sqlite:" + path, "sqlite", "file:" + path}
			}
			from := in("parley.db")
			return from, func() func() database {
				to := in("copy.db")
				db := openSQL(t, from)
				mustExec(
					t,
					db,
					"PRAGMA busy_timeout = 10000; VACUUM INTO '"+to.url[len("sqlite:"):]+"'",
				)
				return func() database { return to }
			}
		},
		dialect.Postgres: func(t *testing.T) (database, func() func() database) {
			url := testkit.MigratedPostgresURL(t)
			file := filepath.Join(t.TempDir(), "parley.dump")
			return database{url, "postgres", url}, func() func() database {
				run(t, "pg_dump", "--format=custom", "--file="+file, "--dbname="+url)
				return func() database {
					to := testkit.PostgresURL(t)
					run(t, "pg_restore", "--no-owner", "--exit-on-error", "--dbname="+to, file)
					return database{to, "postgres", to}
				}
			}
		},
	}
}

func openSQL(t *testing.T, d database) *sql.DB {
	t.Helper()
	db, err := sql.Open(d.driver, d.source)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// run runs a program of PostgreSQL's.
func run(t *testing.T, name string, args ...string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	switch {
	case errors.Is(err, exec.ErrNotFound) && os.Getenv("CI") != "true":
		t.Skip(err)
	case err != nil:
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// afterRestoring is what docs/operations.md has the operator do with a restored database.
func afterRestoring(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile("(?m)^ *(UPDATE rooms .*;)$").FindAllSubmatch(page, -1)
	if len(found) != 1 {
		t.Fatalf("the page has %d statements", len(found))
	}
	return string(found[0][1])
}

// TestRestore makes a backup during writes, continues, and restores it. Clients that have received lost
// events resynchronize, even if as many events were written after the restore, and their old ids and
// cursors refer to nothing else.
func TestRestore(t *testing.T) {
	const more = 20 // messages after the backup, and again after the restore
	for name, kind := range backups() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from, backUp := kind(t)
			old := testkit.StartOn(t, from.url)
			alice := old.As("alice")
			old.As("bob")
			room := alice.Do(`mutation { createRoom(input: {memberIds: ["bob"]}) { room { id } } }`, nil).
				Str("createRoom.room.id")
			send := func(c *testkit.Client, key string) testkit.JSON {
				t.Helper()
				return c.Do(`mutation($room: ID!, $key: String!) {
					sendMessage(input: {roomId: $room, contents: $key, idempotencyKey: $key}) { message { id seq } } }`,
					testkit.Vars{"room": room, "key": key}).At("sendMessage.message")
			}

			var sent atomic.Int64
			ctx, stop := context.WithCancel(t.Context())
			enough, stopped := make(chan struct{}), make(chan struct{})
			go func() { // ends with ctx
				defer close(stopped)
				for i := 1; ctx.Err() == nil; i++ {
					send(alice, fmt.Sprint("before ", i))
					if sent.Add(1) == 10 {
						close(enough)
					}
				}
			}()
			<-enough
			least := sent.Load()
			restore := backUp()
			most := sent.Load() + 1
			stop()
			<-stopped
			var lost testkit.JSON
			for i := range more {
				lost = send(alice, fmt.Sprint("after ", i))
			}
			heard := lost.Int("seq")
			alice.Do(
				`mutation { updateProfile(input: {nickName: "Alice in the future"}) { user { id } } }`,
				nil,
			)

			to := restore()
			mustExec(t, openSQL(t, to), afterRestoring(t))
			s := testkit.StartOn(t, to.url)
			res, err := http.Get(s.URL + "/readyz") //nolint:noctx // the test's own server
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if res.StatusCode != http.StatusOK {
				t.Errorf("/readyz: %s", res.Status)
			}
			alice = s.As("alice")
			bob := s.As("bob")
			in := testkit.Vars{"room": room}
			messages := `query($room: ID!) { roomInfo(roomId: $room) { seq unreadCount messages(last: 100) { nodes { seq from { nickName } } } } }`
			kept := bob.Do(messages, in).At("roomInfo")
			there := len(kept.List("messages.nodes"))
			if int64(there) < least || int64(there) > most || kept.Int("unreadCount") != there {
				t.Fatalf(
					"%d messages are there, %d unread, and between %d and %d were",
					there,
					kept.Int("unreadCount"),
					least,
					most,
				)
			}
			for i, m := range kept.List("messages.nodes") {
				if m.Int("seq") != i+1 || m.Str("from.nickName") != "alice" {
					t.Fatalf("message %d is %v", i, m)
				}
			}

			if seq := send(alice, "before 1").Int("seq"); seq != 1 {
				t.Errorf("what is kept is sent again: %d", seq)
			}
			for i := range more + int(most) { // as far as the room had come
				send(alice, fmt.Sprint("after ", i))
			}
			head := send(alice, "after 0").Int("seq")
			if again := send(alice, "after 0").Int("seq"); again != head || head <= heard {
				t.Errorf("sent anew it is at %d and %d", head, again)
			}
			alice.Refused(
				"NOT_FOUND",
				`mutation($id: ID!) { deleteMessage(messageId: $id) { message { id } } }`,
				testkit.Vars{"id": lost.Str("id")},
			)
			head = bob.Do(messages, in).Int("roomInfo.seq")
			for _, after := range []int{0, there - 1, there, heard - 1, heard, heard + 1} {
				in := testkit.Vars{"room": room, "after": after}
				events := bob.Subscribe(
					`subscription($room: ID!, $after: Int) { roomEvents(roomId: $room, after: $after) { __typename seq } }`,
					in,
				)
				if e := events.Next(); e.Str("roomEvents.__typename") != "StreamOpened" {
					t.Errorf("after %d: %v", after, e)
				}
				seq := after
				for {
					e := events.Next().At("roomEvents")
					if e.Str("__typename") == "Resync" {
						if e.Int("seq") != head {
							t.Errorf("after %d: %v, and the room is at %d", after, e, head)
						}
						break
					}
					if seq++; e.Int("seq") != seq || seq > there {
						t.Fatalf("after %d: %v, and %d messages were kept", after, e, there)
					}
				}
				added := bob.Subscribe(
					`subscription($room: ID!, $after: Int) { messageAdded(roomId: $room, after: $after) { seq } }`,
					in,
				)
				for seq := after; ; {
					e, failed := added.NextOrError()
					if failed != nil {
						if failed.Extensions["code"] != "RESYNC" {
							t.Errorf("after %d: %+v", after, failed)
						}
						break
					}
					if seq++; e.Int("messageAdded.seq") != seq || seq > there {
						t.Fatalf("after %d: %v, and %d messages were kept", after, e, there)
					}
				}
				seen := send(alice, fmt.Sprint("live ", after)).Int("seq")
				if e := events.Next().At("roomEvents"); e.Int("seq") != seen {
					t.Errorf("after %d it goes on with %v, not %d", after, e, seen)
				}
				head = seen
			}
			work(t, s, s)
		})
	}
}
