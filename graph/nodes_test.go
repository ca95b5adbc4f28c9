package graph_test

import (
	"fmt"
	"testing"
	"time"

	"parley/internal/app"
	"parley/internal/broker"
	"parley/internal/chat/write"
	"parley/internal/config"
	"parley/internal/testkit"
)

// TestNodesHearEachOther has people on two nodes of one database. Where hints are carried nothing
// waits for a poll, which is an hour away; where none are the poll finds everything.
func TestNodesHearEachOther(t *testing.T) {
	never, soon := app.Options{PollInterval: time.Hour}, app.Options{
		PollInterval: 100 * time.Millisecond,
		Publisher:    func(broker.Listener) write.Publisher { return droppingBroker{} },
	}
	for name, nodes := range map[string]func(t *testing.T) (app.Options, []testkit.Option){
		"notifications": func(*testing.T) (app.Options, []testkit.Option) { return never, nil },
		"nats": func(t *testing.T) (app.Options, []testkit.Option) {
			url := testkit.StartNATS(t).URL
			return never, []testkit.Option{func(cfg *config.Config) { cfg.NATSURL = config.Secret(url) }}
		},
		"nothing": func(*testing.T) (app.Options, []testkit.Option) { return soon, nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options, opts := nodes(t)
			url := testkit.MigratedPostgresURL(t)
			here, there := testkit.StartApp(
				t,
				url,
				options,
				opts...), testkit.StartApp(
				t,
				url,
				options,
				opts...)
			alice, bob := here.As("alice"), there.As("bob")
			created := listen(bob, "MINE")
			list := bob.Subscribe(`subscription { myRoomsChanged { kind roomId } }`, nil)
			if kind := list.Next().Str("myRoomsChanged.kind"); kind != "OPENED" {
				t.Fatalf("a list begins with %s", kind)
			}
			awaken(
				created,
				func() string { return makeRoom(alice, testkit.Vars{"memberIds": []string{"bob"}}) },
			)
			room := makeRoom(alice, testkit.Vars{"memberIds": []string{"bob"}})
			for next(created).Str("id") != room { // those before it
			}
			for list.Next().Str("myRoomsChanged.roomId") != room { // those before it
			}
			events := bob.Subscribe(roomEvents, testkit.Vars{"room": room, "after": 0})
			events.Next() // StreamOpened
			for i := range 50 {
				sendText(alice, room, fmt.Sprint(i))
				if got := events.Next().Int("roomEvents.seq"); got != i+1 {
					t.Fatalf("got %d, want %d", got, i+1)
				}
			}
			alice.Do(kick, testkit.Vars{"room": room, "user": "bob", "ban": true})
			sendText(alice, room, "behind the back")
			if e := events.Error(); e.Extensions["reason"] != "BANNED" {
				t.Errorf("the stream ended with %+v", e)
			}
		})
	}
}

// awaken creates rooms until a stream receives one: the nodes may not be connected yet.
func awaken(stream *testkit.Stream, makes func() string) {
	stream.AwaitStart(makes, func(data testkit.JSON) string { return data.Str("roomCreated.id") })
}

// TestFounders: a user joins a room that a node whose clock is an hour ahead has created. Another
// node finds the room by a poll, without a publication. It must not count the user among the
// members that were in the room from the start.
func TestFounders(t *testing.T) {
	silent := app.Options{
		PollInterval: 100 * time.Millisecond,
		Publisher:    func(broker.Listener) write.Publisher { return droppingBroker{} },
	}
	eachDatabase(t, func(t *testing.T, url, driver, source string) {
		here, there := testkit.StartApp(t, url, silent), testkit.StartApp(t, url, silent)
		alice := here.As("alice")
		there.As("bob")
		there.As("carol")
		room := makeRoom(
			alice,
			testkit.Vars{"accessType": "PUBLIC", "memberIds": []string{"carol"}},
		)
		ahead := time.Now().Add(time.Hour).UTC().Truncate(time.Microsecond)
		changeTimes(
			t,
			driver,
			source,
			ahead,
			`UPDATE rooms SET created_at = $1, event_at = $1, updated_at = $1`,
			`UPDATE members SET joined_at = $1`,
		)
		there.With(there.Token("bob")).Do(joinRoom, testkit.Vars{"room": room})

		// There were no subscribers so far. Rooms are sent in the order of their creation.
		hears := map[string]*testkit.Stream{}
		for _, person := range []string{"carol", "bob"} { // the first subscriber starts the poll
			hears[person] = there.With(there.Token(person)).
				Subscribe(roomCreated, testkit.Vars{"scope": "MINE"})
		}
		next := makeRoom(alice, testkit.Vars{"memberIds": []string{"bob", "carol"}})
		for person, want := range map[string]string{"bob": next, "carol": room} {
			if got := hears[person].Next().Str("roomCreated.id"); got != want {
				t.Errorf("%s hears of %s first, want %s", person, got, want)
			}
		}
	})
}
