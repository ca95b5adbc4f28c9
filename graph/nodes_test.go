package graph_test

import (
	"fmt"
	"testing"
	"time"

	"parley/internal/app"
	"parley/internal/broker"
	"parley/internal/chat"
	"parley/internal/config"
	"parley/internal/testkit"
)

// TestNodesHearEachOther has people on two nodes of one database. Where hints are carried nothing waits for a sweep, which
// is an hour away; where none are the sweep finds everything.
func TestNodesHearEachOther(t *testing.T) {
	never, soon := app.Options{Sweep: time.Hour}, app.Options{
		Sweep: 100 * time.Millisecond, Hints: func(broker.Listener) chat.Publisher { return deaf{} },
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
			here, there := testkit.StartApp(t, url, options, opts...), testkit.StartApp(t, url, options, opts...)
			alice, bob := here.As("alice"), there.As("bob")
			created := listen(bob, "MINE")
			list := bob.Subscribe(`subscription { myRoomsChanged { kind roomId } }`, nil)
			if kind := list.Next().Str("myRoomsChanged.kind"); kind != "OPENED" {
				t.Fatalf("a list begins with %s", kind)
			}
			awaken(created, func() string { return makeRoom(alice, testkit.Vars{"memberIds": []string{"bob"}}) })
			room := makeRoom(alice, testkit.Vars{"memberIds": []string{"bob"}})
			for next(created).Str("id") != room { // those before it
			}
			for list.Next().Str("myRoomsChanged.roomId") != room { // those before it
			}
			events := bob.Subscribe(roomEvents, testkit.Vars{"room": room, "after": 0})
			events.Next() // StreamOpened
			for i := range 50 {
				say(alice, room, fmt.Sprint(i))
				if got := events.Next().Int("roomEvents.seq"); got != i+1 {
					t.Fatalf("got %d, want %d", got, i+1)
				}
			}
			alice.Do(kick, testkit.Vars{"room": room, "user": "bob", "ban": true})
			say(alice, room, "behind the back")
			if e := events.Error(); e.Extensions["reason"] != "BANNED" {
				t.Errorf("the stream ended with %+v", e)
			}
		})
	}
}

// awaken makes rooms until a stream hears of one: the nodes may not hear each other yet.
func awaken(stream *testkit.Stream, makes func() string) {
	stream.Awake(makes, func(data testkit.JSON) string { return data.Str("roomCreated.id") })
}
