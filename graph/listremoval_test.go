package graph_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"parley/internal/app"
	"parley/internal/broker"
	"parley/internal/chat/write"
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

// losingBroker loses publications while lose is set.
type losingBroker struct {
	broker.Listener
	lose *atomic.Bool
}

func (b losingBroker) Publish(p broker.Publication) {
	if !b.lose.Load() {
		b.Receive(p)
	}
}

// TestMyRoomsChangedUnseenMembership adds a user to a room and removes them again before the server
// reads their list, with no publication of either. Their client may have seen the room meanwhile, so
// it receives REMOVED; as for any other removal, once.
func TestMyRoomsChangedUnseenMembership(t *testing.T) {
	for _, database := range []string{dialect.SQLite, dialect.Postgres} {
		t.Run(database, func(t *testing.T) {
			t.Parallel()
			var lose atomic.Bool
			s := testkit.StartApp(t, testkit.DatabaseURL(t, database), app.Options{
				Publisher:    func(to broker.Listener) write.Publisher { return losingBroker{to, &lose} },
				PollInterval: 100 * time.Millisecond,
			})
			alice, bob := s.As("alice"), s.As("bob")
			var rooms []string
			for range 2 {
				room := makeRoom(alice, testkit.Vars{"memberIds": []string{"bob"}})
				alice.Do(kick, testkit.Vars{"room": room, "user": "bob", "ban": false})
				rooms = append(rooms, room)
			}
			room := rooms[0]
			stream := bob.Subscribe(`subscription { myRoomsChanged { kind roomId } }`, nil)
			stream.Next()
			removed := func(room string) {
				t.Helper()
				for {
					e := stream.Next().At("myRoomsChanged")
					if e.Str("roomId") != room {
						t.Errorf("bob receives %s, want changes of %s", e, room)
					}
					if e.Str("kind") == "REMOVED" {
						return
					}
				}
			}
			for _, unpublished := range []bool{true, true, false} {
				lose.Store(unpublished)
				alice.Do(addMembers, testkit.Vars{"room": room, "users": []string{"bob"}})
				list := bob.Do(`{ myRooms { nodes { id } } }`, nil).String()
				if !strings.Contains(list, room) {
					t.Fatalf("bob's rooms are %s", list)
				}
				alice.Do(kick, testkit.Vars{"room": room, "user": "bob", "ban": false})
				removed(room)
			}
			lose.Store(true) // so that the list is read again
			for range 2 {
				other := makeRoom(alice, testkit.Vars{"memberIds": []string{"bob"}})
				if e := stream.Next().At("myRoomsChanged"); e.Str("roomId") != other {
					t.Errorf("bob receives %s, want the new room %s", e, other)
				}
			}
		})
	}
}
