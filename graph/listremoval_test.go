package graph_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"parley/internal/app"
	"parley/internal/testkit"
)

// TestMyRoomsChangedNothingAfterRemoval removes a user from a room, and sends a message in it,
// while a change of the room is rendered for their list, before the message that it shows is read.
func TestMyRoomsChangedNothingAfterRemoval(t *testing.T) {
	const myRoomsChanged = `subscription { myRoomsChanged { kind roomId room { messages(last: 1) { nodes { contents } } } } }`
	for name, others := range map[string]string{"alone": "", "together": "carol"} {
		for _, database := range []string{dialect.SQLite, dialect.Postgres} {
			t.Run(name+"/"+database, func(t *testing.T) {
				t.Parallel()
				var meanwhile atomic.Pointer[func()]
				s := testkit.StartApp(t, testkit.DatabaseURL(t, database), app.Options{
					PollInterval: time.Hour,
					Observe: func(_ context.Context, query string) {
						if strings.HasPrefix(query, "SELECT * FROM (SELECT messages.") {
							if do := meanwhile.Swap(nil); do != nil {
								(*do)()
							}
						}
					},
				})
				alice, bob := s.As("alice"), s.As("bob")
				carol := s.As("carol")
				carol.Do(`{ me { id } }`, nil)
				room := makeRoom(alice, testkit.Vars{
					"memberIds": append(strings.Fields(others), "bob"),
				})
				stream := bob.Subscribe(myRoomsChanged, nil)
				stream.Next()
				var other *testkit.Stream
				if others != "" {
					other = carol.Subscribe(myRoomsChanged, nil)
					other.Next()
				}
				do := func() {
					alice.Do(kick, testkit.Vars{"room": room, "user": "bob", "ban": false})
					sendText(alice, room, "secret")
				}
				meanwhile.Store(&do)
				sendText(alice, room, "first")
				for {
					e := stream.Next().At("myRoomsChanged")
					if strings.Contains(e.String(), "secret") {
						t.Fatalf("bob receives %v after his removal", e)
					}
					if e.Str("kind") == "REMOVED" {
						break
					}
				}
				if meanwhile.Load() != nil {
					t.Error("nothing happened while the change was rendered")
				}
				for other != nil && !strings.Contains(other.Next().String(), "secret") {
				}
			})
		}
	}
}
