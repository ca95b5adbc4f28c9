package graph_test

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/internal/app"
	"parley/internal/broker"
	"parley/internal/chat/write"
	"parley/internal/config"
	"parley/internal/testkit"
	"parley/internal/testkit/scale"
)

const myEvents = `subscription($after: [RoomPosition!], $rooms: [ID!]) { myEvents(after: $after, rooms: $rooms) {
	kind roomId reason event { __typename roomId seq
		... on MessageAdded { message { contents } }
		... on MemberJoined { user { id } }
		... on MemberLeft { user { id } } } } }`

// eventStream is a transport of a subscription.
type eventStream interface{ Next() testkit.JSON }

// nextOf returns the next item, as "kind" of a READY, "EVENT type seq" or "ENDED reason", and its
// room.
func nextOf(t *testing.T, stream eventStream) (room, item string) {
	t.Helper()
	e := stream.Next().At("myEvents")
	switch kind := e.Str("kind"); kind {
	case "READY":
		return "", kind
	case "ENDED":
		return e.Str("roomId"), kind + " " + e.Str("reason")
	default:
		room, of := e.Str("roomId"), e.Str("event.roomId")
		if room != of {
			t.Errorf("an event of room %s in an item of room %s", of, room)
		}
		return room, fmt.Sprintf("%s %d", e.Str("event.__typename"), e.Int("event.seq"))
	}
}

// opened returns the items before READY, by room.
func opened(t *testing.T, stream eventStream) map[string][]string {
	t.Helper()
	items := make(map[string][]string)
	for {
		room, item := nextOf(t, stream)
		if item == "READY" {
			return items
		}
		items[room] = append(items[room], item)
	}
}

// expectItems reads as many items as there are wanted, which are in order in each room.
func expectItems(t *testing.T, stream eventStream, want map[string][]string) {
	t.Helper()
	got, n := make(map[string][]string), 0
	for _, items := range want {
		n += len(items)
	}
	for range n {
		room, item := nextOf(t, stream)
		got[room] = append(got[room], item)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
}

// position is an element of `after`.
func position(room string, seq int) testkit.Vars { return testkit.Vars{"roomId": room, "seq": seq} }

func TestMyEvents(t *testing.T) {
	transports := map[string]func(*testkit.Client, testkit.Vars) eventStream{
		"WebSocket": func(c *testkit.Client, vars testkit.Vars) eventStream { return c.Subscribe(myEvents, vars) },
		"SSE":       func(c *testkit.Client, vars testkit.Vars) eventStream { return c.Events(myEvents, vars) },
		"multipart": func(c *testkit.Client, vars testkit.Vars) eventStream { return c.Multipart(myEvents, vars) },
	}
	for name, subscribe := range transports {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testkit.EachApp(
				t,
				app.Options{PollInterval: time.Hour},
				func(t *testing.T, s *testkit.Server) {
					alice, bob := s.As("alice"), s.As("bob")
					s.As("carol")
					first := makeRoom(alice, testkit.Vars{"memberIds": []string{"bob"}})
					second := makeRoom(alice, testkit.Vars{"memberIds": []string{"bob"}})
					other := makeRoom(alice, testkit.Vars{"accessType": "PUBLIC"})
					sendText(alice, first, "1")
					sendText(alice, first, "2")
					stream := subscribe(
						bob,
						testkit.Vars{"after": []testkit.Vars{position(first, 1)}},
					)
					if diff := cmp.Diff(map[string][]string{
						first: {"StreamOpened 2"}, second: {"StreamOpened 0"},
					}, opened(t, stream)); diff != "" {
						t.Fatalf("before READY (-want +got):\n%s", diff)
					}
					expectItems(t, stream, map[string][]string{first: {"MessageAdded 2"}})
					sendText(alice, first, "3")
					sendText(alice, second, "1")
					sendText(bob, second, "2")
					expectItems(t, stream, map[string][]string{
						first: {"MessageAdded 3"}, second: {"MessageAdded 1", "MessageAdded 2"},
					})
					sendText(alice, other, "before") // 1
					alice.Do(
						`mutation($r: ID!) { addMembers(roomId: $r, userIds: ["carol", "bob"]) { room { id } } }`,
						testkit.Vars{"r": other},
					) // 2 and 3
					expectItems(
						t,
						stream,
						map[string][]string{other: {"StreamOpened 3", "MemberJoined 3"}},
					)
					sendText(alice, other, "after")
					expectItems(t, stream, map[string][]string{other: {"MessageAdded 4"}})
					created := makeRoom(alice, testkit.Vars{"memberIds": []string{"bob"}})
					expectItems(t, stream, map[string][]string{created: {"StreamOpened 0"}})
					sendText(alice, created, "1")
					expectItems(t, stream, map[string][]string{created: {"MessageAdded 1"}})

					// A removal ends the room, and nothing comes after it until bob joins again.
					leave := `mutation($r: ID!) { leaveRoom(roomId: $r) { roomId } }`
					bob.Do(leave, testkit.Vars{"r": other}) // 5
					sendText(alice, other, "without bob")
					expectItems(t, stream, map[string][]string{other: {"ENDED LEFT"}})
					bob.Do(
						`mutation($r: ID!) { joinRoom(roomId: $r) { room { id } } }`,
						testkit.Vars{"r": other},
					)
					expectItems(
						t,
						stream,
						map[string][]string{other: {"StreamOpened 7", "MemberJoined 7"}},
					)
					sendText(alice, other, "with bob")
					expectItems(t, stream, map[string][]string{other: {"MessageAdded 8"}})
					for i, how := range []string{"ban: false", "ban: true"} {
						alice.Do(
							`mutation($r: ID!) { removeMember(roomId: $r, userId: "bob", `+how+`) { room { id } } }`,
							testkit.Vars{"r": []string{other, second}[i]},
						)
					}
					sendText(alice, other, "without bob")
					sendText(alice, second, "without bob")
					expectItems(
						t,
						stream,
						map[string][]string{other: {"ENDED KICKED"}, second: {"ENDED BANNED"}},
					)
					alice.Do(
						`mutation($r: ID!) { deleteRoom(roomId: $r) { roomId } }`,
						testkit.Vars{"r": created},
					)
					expectItems(
						t,
						stream,
						map[string][]string{created: {"RoomDeleted 2", "ENDED ROOM_DELETED"}},
					)
					sendText(alice, first, "4")
					expectItems(t, stream, map[string][]string{first: {"MessageAdded 4"}})
				},
			)
		})
	}
}

// TestMyEventsEndings resumes from positions in rooms that the viewer is no longer in.
func TestMyEventsEndings(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice, bob := s.As("alice"), s.As("bob")
		befriends(s, "alice", "bob")
		want := make(map[string][]string)
		var after []testkit.Vars
		room := func(reason string, of *testkit.Client, input testkit.Vars) testkit.Vars {
			id := makeRoom(of, input)
			want[id], after = []string{"ENDED " + reason}, append(after, position(id, 0))
			return testkit.Vars{"r": id}
		}
		with := testkit.Vars{"memberIds": []string{"bob"}}
		bob.Do(`mutation($r: ID!) { leaveRoom(roomId: $r) { roomId } }`, room("LEFT", alice, with))
		remove := `mutation($r: ID!, $ban: Boolean!) { removeMember(roomId: $r, userId: "bob", ban: $ban) { room { id } } }`
		kicked, banned := room("KICKED", alice, with), room("BANNED", alice, with)
		kicked["ban"], banned["ban"] = false, true
		alice.Do(remove, kicked)
		alice.Do(remove, banned)
		room("DISCONNECTED", bob, testkit.Vars{"exclusive": true, "memberIds": []string{"alice"}})
		bob.Do(
			createRoom,
			testkit.Vars{"input": testkit.Vars{"exclusive": true, "disconnect": true}},
		)
		last := room("LEFT", bob, nil) // and with the last member it is deleted
		bob.Do(`mutation($r: ID!) { leaveRoom(roomId: $r) { roomId } }`, last)
		deleteRoom := `mutation($r: ID!) { deleteRoom(roomId: $r) { roomId } }`
		bob.Do(deleteRoom, room("ROOM_DELETED", bob, nil))
		joined := room("ROOM_DELETED", alice, testkit.Vars{"accessType": "PUBLIC"})
		bob.Do(`mutation($r: ID!) { joinRoom(roomId: $r) { room { id } } }`, joined)
		alice.Do(deleteRoom, joined)
		// Of rooms that bob was never in he learns nothing.
		alice.Do(deleteRoom, room("NOT_FOUND", alice, nil))
		room("NOT_FOUND", alice, nil)

		items := opened(t, bob.Subscribe(myEvents, testkit.Vars{"after": after}))
		maps.DeleteFunc(
			items,
			func(_ string, items []string) bool { return items[0] == "StreamOpened 0" },
		)
		if diff := cmp.Diff(want, items); diff != "" {
			t.Errorf("endings (-want +got):\n%s", diff)
		}
	})
}

// TestMyEventsResync resumes from positions that are ahead of a room, and pruned.
func TestMyEventsResync(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice := s.As("alice")
		room, other := makeRoom(alice, nil), makeRoom(alice, nil)
		sendText(alice, room, "1")
		stream := alice.Subscribe(
			myEvents,
			testkit.Vars{"after": []testkit.Vars{position(room, 57)}},
		)
		if diff := cmp.Diff(map[string][]string{
			room: {"StreamOpened 1", "Resync 1"}, other: {"StreamOpened 0"},
		}, opened(t, stream)); diff != "" {
			t.Errorf("ahead (-want +got):\n%s", diff)
		}
		sendText(alice, room, "2")
		expectItems(t, stream, map[string][]string{room: {"MessageAdded 2"}})

		id := sendText(alice, other, "1").Str("id")
		alice.Do(
			`mutation { editMessage(messageId: "`+id+`", contents: "edited") { message { id } } }`,
			nil,
		) // 2
		sendText(alice, other, "3")
		for deadline := time.Now().Add(20 * time.Second); ; { // until the edit is pruned
			stream := alice.Subscribe(
				myEvents,
				testkit.Vars{"after": []testkit.Vars{position(other, 1)}},
			)
			opened(t, stream)
			_, item := nextOf(t, stream)
			if item == "Resync 3" {
				sendText(alice, other, "4")
				expectItems(t, stream, map[string][]string{other: {"MessageAdded 4"}})
				break
			}
			if item != "MessageEdited 2" || time.Now().After(deadline) {
				t.Fatalf("after what was pruned comes %s", item)
			}
			stream.Close()
		}
	}, func(cfg *config.Config) { cfg.LogRetention = 300 * time.Millisecond })
}

// TestMyEventsPerViewer: fields of the viewer show each viewer their own.
func TestMyEventsPerViewer(t *testing.T) {
	const own = `subscription { myEvents { kind event { seq room { viewerRole unreadCount } } } }`
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice, bob := s.As("alice"), s.As("bob")
		room := makeRoom(alice, testkit.Vars{"memberIds": []string{"bob"}})
		streams := map[string]*testkit.Stream{
			"OWNER 0": alice.Subscribe(own, nil), "MEMBER 1": bob.Subscribe(own, nil),
		}
		for _, stream := range streams {
			for stream.Next().Str("myEvents.kind") != "READY" {
			}
		}
		sendText(alice, room, "1")
		for want, stream := range streams {
			e := stream.Next().At("myEvents.event.room")
			if got := fmt.Sprint(e.Str("viewerRole"), " ", e.Int("unreadCount")); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			stream.Close()
		}
	})
}

// TestMyEventsHeal follows rooms over brokers that lose what they carry, with reconnects: in each
// room nothing is missing, doubled or out of order, and joined rooms are found.
func TestMyEventsHeal(t *testing.T) {
	for name, publications := range map[string]func(broker.Listener) write.Publisher{
		"lossy": newLossyBroker,
		"deaf":  func(broker.Listener) write.Publisher { return droppingBroker{} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := app.Options{Publisher: publications, PollInterval: 100 * time.Millisecond}
			testkit.EachApp(t, options, func(t *testing.T, s *testkit.Server) {
				const rooms = 6
				each := scale.Or(40, 20)
				alice, bob := s.As("alice"), s.As("bob")
				input := testkit.Vars{"memberIds": []string{"bob"}}
				var ids []string
				for range rooms / 2 {
					ids = append(ids, makeRoom(alice, input))
				}
				streams := make([]*resumer, 3)
				for i := range streams {
					streams[i] = &resumer{
						t:       t,
						client:  bob,
						reached: make(map[string]int),
						read:    make(map[string]int),
						cut:     20 + i,
					}
					streams[i].subscribe()
				}
				var writing sync.WaitGroup
				write := func(id string) {
					writing.Go(func() {
						for i := range each {
							sendText(alice, id, fmt.Sprint(i))
						}
					})
				}
				for _, id := range ids {
					write(id)
				}
				for range rooms / 2 { // joined while the streams are open
					ids = append(ids, makeRoom(alice, input))
					write(ids[len(ids)-1])
				}
				for _, stream := range streams {
					stream.until(ids, each)
				}
				writing.Wait()
			})
		})
	}
}

// resumer follows the rooms of a user, and resumes from its positions.
type resumer struct {
	t      *testing.T
	client *testkit.Client
	stream *testkit.Stream
	// reached is the position in each room, and read the seq at which an unknown room was opened.
	reached, read map[string]int
	// cut is after how many events it connects again.
	cut, n int
}

func (r *resumer) subscribe() {
	after := []testkit.Vars{}
	for room, seq := range r.reached {
		after = append(after, position(room, seq))
	}
	r.stream = r.client.Subscribe(myEvents, testkit.Vars{"after": after})
}

// until reads until all rooms have come to a seq.
func (r *resumer) until(rooms []string, seq int) {
	r.t.Helper()
	behind := func(room string) bool { return max(r.reached[room], r.read[room]) < seq }
	for slices.ContainsFunc(rooms, behind) {
		room, item := nextOf(r.t, r.stream)
		var typename string
		var got int
		if _, err := fmt.Sscanf(item, "%s %d", &typename, &got); err != nil {
			if item != "READY" {
				r.t.Fatalf("%s of room %s", item, room)
			}
			continue
		}
		if _, known := r.reached[room]; typename == "StreamOpened" {
			if !known {
				r.reached[room], r.read[room] = 0, got
			}
			continue
		}
		// A room that the stream did not know begins with its first event if it was created while
		// the stream was open, else at the seq at which a client reads it.
		if r.reached[room] == 0 && got == r.read[room]+1 {
			r.reached[room] = r.read[room]
		}
		if typename != "MessageAdded" || got != r.reached[room]+1 {
			r.t.Fatalf("%s in a room that is at %d", item, r.reached[room])
		}
		r.reached[room] = got
		if r.n++; r.n%r.cut == 0 {
			r.stream.Close()
			r.subscribe()
		}
	}
}
