package graph_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/internal/app"
	"parley/internal/config"
	"parley/internal/testkit"
)

const (
	joinRoom  = `mutation($room: ID!, $key: String, $disconnect: Boolean! = false) { joinRoom(roomId: $room, key: $key, disconnect: $disconnect) { room { id memberCount viewerRole unreadCount lastReadSeq seq } } }`
	leaveRoom = `mutation($room: ID!) { leaveRoom(roomId: $room) { roomId } }`
	kick      = `mutation($room: ID!, $user: ID!, $ban: Boolean! = false) { removeMember(roomId: $room, userId: $user, ban: $ban) { room { memberCount } userId memberId } }`
)

// keyOf returns a private room's key.
func keyOf(c *testkit.Client, room string) string {
	return c.Do(`query($id: ID!) { roomInfo(roomId: $id) { joinKey } }`, testkit.Vars{"id": room}).
		Str("roomInfo.joinKey")
}

// TestJoinStartsAtZero: a user joins a room with messages, leaves it and joins again. The old
// messages are not unread.
func TestJoinStartsAtZero(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice, bob := s.As("alice"), s.As("bob")
		room := makeRoom(alice, testkit.Vars{"accessType": "PUBLIC"})
		unread := func(want int) {
			t.Helper()
			if got := bob.Do(`query($id: ID!) { roomInfo(roomId: $id) { unreadCount } }`, testkit.Vars{"id": room}).
				Int("roomInfo.unreadCount"); got != want {
				t.Errorf("%d unread, want %d", got, want)
			}
		}
		for i := range 3 {
			sendText(alice, room, fmt.Sprint(i))
		}
		for range 2 {
			joined := bob.Do(joinRoom, testkit.Vars{"room": room}).At("joinRoom.room")
			if joined.Int("unreadCount") != 0 || joined.Str("viewerRole") != "MEMBER" ||
				joined.Int("memberCount") != 2 {
				t.Errorf("bob joins %v", joined)
			}
			sendText(bob, room, "hello")
			unread(0)
			last := sendText(alice, room, "hello").Int("seq")
			sendText(alice, room, "again")
			unread(2)
			bob.Do(
				`mutation($room: ID!, $seq: Int!) { markRead(roomId: $room, seq: $seq) { room { id } } }`,
				testkit.Vars{"room": room, "seq": last},
			)
			unread(1)
			bob.Do(joinRoom, testkit.Vars{"room": room}) // already a member: nothing changes
			unread(1)
			bob.Do(leaveRoom, testkit.Vars{"room": room})
			unread(0)
		}
		bob.Refused("FORBIDDEN", leaveRoom, testkit.Vars{"room": room})
	})
}

// TestJoinHides asks with wrong keys: what comes back does not tell whether there is a room.
func TestJoinHides(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice, bob := s.As("alice"), s.As("bob")
		full := makeRoom(alice, testkit.Vars{"accessType": "PRIVATE", "maxUsers": 1})
		closed := makeRoom(alice, testkit.Vars{"accessType": "PRIVATE"})
		gone := makeRoom(alice, testkit.Vars{"accessType": "PUBLIC"})
		alice.Do(
			`mutation($room: ID!) { deleteRoom(roomId: $room) { roomId } }`,
			testkit.Vars{"room": gone},
		)
		alice.Do(kick, testkit.Vars{"room": closed, "user": "bob", "ban": true})
		said := map[string]bool{}
		for _, room := range []string{full, closed, gone, "00000000-0000-7000-8000-000000000000", "nonsense"} {
			said[bob.Refused("WRONG_KEY", joinRoom, testkit.Vars{"room": room, "key": "wrong"}).Message] = true
		}
		if len(said) != 1 {
			t.Errorf("the answers differ: %v", said)
		}
		bob.Refused("ROOM_FULL", joinRoom, testkit.Vars{"room": full, "key": keyOf(alice, full)})
		bob.Refused("BANNED", joinRoom, testkit.Vars{"room": closed, "key": keyOf(alice, closed)})
		alice.Do(
			`mutation($room: ID!) { unban(roomId: $room, userId: "bob") { user { id } } }`,
			testkit.Vars{"room": closed},
		)
		old := keyOf(alice, closed)
		alice.Do(
			`mutation($room: ID!) { rotateRoomKey(roomId: $room) { room { id } } }`,
			testkit.Vars{"room": closed},
		)
		bob.Refused("WRONG_KEY", joinRoom, testkit.Vars{"room": closed, "key": old})
		bob.Do(joinRoom, testkit.Vars{"room": closed, "key": keyOf(alice, closed)})
	})
}

// TestTriesAreLimited gives many wrong keys, one after another and at once.
func TestTriesAreLimited(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice := s.As("alice")
		private := makeRoom(alice, testkit.Vars{"accessType": "PRIVATE"})
		public := makeRoom(alice, testkit.Vars{"accessType": "PUBLIC"})
		wrong := testkit.Vars{"room": private, "key": "wrong"}
		right := testkit.Vars{"room": private, "key": keyOf(alice, private)}
		for who, ask := range map[string]func(c *testkit.Client) []testkit.Reply{
			"in turn": func(c *testkit.Client) (replies []testkit.Reply) {
				for range 20 {
					replies = append(replies, c.Ask(joinRoom, wrong))
				}
				return replies
			},
			"at once": func(c *testkit.Client) []testkit.Reply {
				return inParallel(20, func() testkit.Reply { return c.Ask(joinRoom, wrong) })
			},
		} {
			c := s.As(who)
			codes := map[string]int{}
			for _, reply := range ask(c) {
				codes[reply.Code()]++
			}
			if codes["WRONG_KEY"] != 10 || codes["RATE_LIMITED"] != 10 {
				t.Errorf("%s: %v", who, codes)
			}
			// The right key is not told from the wrong ones, also not of a room that does not
			// exist.
			e := c.Refused("RATE_LIMITED", joinRoom, right)
			if ms, _ := e.Extensions["retryAfterMs"].(float64); ms <= 0 || ms > 3_600_000 {
				t.Errorf("try again after %v ms", e.Extensions["retryAfterMs"])
			}
			c.Refused("RATE_LIMITED", joinRoom, testkit.Vars{"room": "nonsense"})
			c.Do(joinRoom, testkit.Vars{"room": public}) // takes no key
		}
		s.As("carol").Do(joinRoom, right)
		s.As("dave").Refused("WRONG_KEY", joinRoom, wrong)
	}, func(cfg *config.Config) { cfg.RateKeys = "1/h:10,off" })
}

// TestOthersDoNotLockARoom: however many wrong keys others give, who has the right one comes in.
func TestOthersDoNotLockARoom(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice := s.As("alice")
		room := makeRoom(alice, testkit.Vars{"accessType": "PRIVATE"})
		right := testkit.Vars{"room": room, "key": keyOf(alice, room)}
		many := "mutation($room: ID!) { " + strings.Join(
			aliased(50, `joinRoom(roomId: $room, key: "wrong") { room { id } }`),
			" ",
		) + " }"
		for i := range 25 { // the room has 1,000 attempts for all, and each user 50 here
			s.As(fmt.Sprint("eve", i)).Ask(many, testkit.Vars{"room": room})
		}
		// Some of the room's attempts may have come back meanwhile.
		reply := s.As("mallory").Ask(many, testkit.Vars{"room": room})
		if last := reply.Errors[len(reply.Errors)-1].Extensions; last["code"] != "RATE_LIMITED" {
			t.Errorf("after 1,250 wrong keys, one more gets %v", last)
		}
		for i := range 3 {
			s.As(fmt.Sprint("bob", i)).Do(joinRoom, right)
		}
	}, func(cfg *config.Config) { cfg.RateKeys = "1/h:50,off" })
}

// TestJoinExclusive moves a user between exclusive rooms, but only with disconnect.
func TestJoinExclusive(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice, bob := s.As("alice"), s.As("bob")
		game := testkit.Vars{"accessType": "PUBLIC", "exclusive": true}
		first, second := makeRoom(alice, game), makeRoom(bob, game)
		if e := bob.Refused(
			"ALREADY_IN_ROOM",
			joinRoom,
			testkit.Vars{"room": first},
		); e.Message != "User joined to other room" {
			t.Errorf("message %q", e.Message)
		}
		stream := bob.Subscribe(roomEvents, testkit.Vars{"room": second})
		stream.Next()
		bob.Do(joinRoom, testkit.Vars{"room": first, "disconnect": true})
		if e := stream.Error(); e.Extensions["code"] != "MEMBERSHIP_ENDED" ||
			e.Extensions["reason"] != "DISCONNECTED" {
			t.Errorf("the first room's stream ends with %+v", e)
		}
		alice.Refused(
			"WRONG_KEY",
			joinRoom,
			testkit.Vars{"room": second, "disconnect": true},
		) // its last member has left
		bob.Do(
			joinRoom,
			testkit.Vars{"room": first, "disconnect": true},
		) // is there already
		bob.Do(
			joinRoom,
			testkit.Vars{
				"room":       makeRoom(alice, testkit.Vars{"accessType": "PUBLIC"}),
				"disconnect": true,
			},
		)
		if n := len(bob.Do(`{ myRoomIds }`, nil).List("myRoomIds")); n != 2 {
			t.Errorf("bob is in %d rooms: joining an ordinary room must not end a membership", n)
		}
		// If joining fails, no membership ends.
		full := makeRoom(
			s.As("carol"),
			testkit.Vars{"accessType": "PUBLIC", "exclusive": true, "maxUsers": 1},
		)
		bob.Refused("ROOM_FULL", joinRoom, testkit.Vars{"room": full, "disconnect": true})
		if n := len(bob.Do(`{ myRoomIds }`, nil).List("myRoomIds")); n != 2 {
			t.Errorf("bob is in %d rooms", n)
		}
	})
}

// TestRejoin leaves a room and comes back: the stream from before ends, one from after goes on past
// the old leaving.
func TestRejoin(t *testing.T) {
	testkit.EachApp(t, app.Options{PollInterval: time.Hour}, func(t *testing.T, s *testkit.Server) {
		alice, bob := s.As("alice"), s.As("bob")
		room := makeRoom(alice, testkit.Vars{"accessType": "PUBLIC"})
		bob.Do(joinRoom, testkit.Vars{"room": room}) // 1
		before := bob.Subscribe(roomEvents, testkit.Vars{"room": room, "after": 1})
		before.Next()
		bob.Do(leaveRoom, testkit.Vars{"room": room}) // 2
		bob.Do(joinRoom, testkit.Vars{"room": room})  // 3
		after := bob.Subscribe(roomEvents, testkit.Vars{"room": room, "after": 0})
		sendText(alice, room, "welcome back") // 4
		if e := before.Error(); e.Extensions["code"] != "MEMBERSHIP_ENDED" ||
			e.Extensions["reason"] != "LEFT" {
			t.Errorf("the stream from before ends with %+v", e)
		}
		after.Next()
		for i, want := range []string{"MemberJoined", "MemberLeft", "MemberJoined", "MessageAdded"} {
			if e := after.Next().
				At("roomEvents"); e.Str("__typename") != want ||
				e.Int("seq") != i+1 {
				t.Errorf("got %v, want %s", e, want)
			}
		}
	})
}

// TestStreamsEnd ends memberships in every way: streams end at once, over both transports, with the
// reason, and deliver nothing that came after.
func TestStreamsEnd(t *testing.T) {
	const ban = `mutation($room: ID!) { removeMember(roomId: $room, userId: "bob", ban: true) { userId } }`
	for _, c := range []struct{ reason, who, how string }{
		{"LEFT", "bob", leaveRoom},
		{"KICKED", "alice", `mutation($room: ID!) { removeMember(roomId: $room, userId: "bob") { userId } }`},
		{"BANNED", "alice", ban},
		{"DELETED", "alice", `mutation($room: ID!) { deleteRoom(roomId: $room) { roomId } }`},
	} {
		t.Run(c.reason, func(t *testing.T) {
			testkit.EachApp(
				t,
				app.Options{PollInterval: time.Hour},
				func(t *testing.T, s *testkit.Server) {
					alice, bob, carol := s.As("alice"), s.As("bob"), s.As("carol")
					room := makeRoom(
						alice,
						testkit.Vars{"name": "room", "memberIds": []string{"bob", "carol"}},
					)
					events, messages := bob.Subscribe(
						roomEvents,
						testkit.Vars{"room": room},
					), bob.Subscribe(
						messageAdded,
						testkit.Vars{"room": room, "after": 0},
					)
					sse, others := bob.Events(
						roomEvents,
						testkit.Vars{"room": room},
					), carol.Subscribe(
						roomEvents,
						testkit.Vars{"room": room},
					)
					list := bob.Subscribe(`subscription { myRoomsChanged { kind roomId } }`, nil)
					events.Next()
					sse.Next()
					others.Next()
					list.Next()
					sendText(alice, room, "before")
					events.Next()
					messages.Next()
					sse.Next()
					others.Next()
					s.As(c.who).Do(c.how, testkit.Vars{"room": room})
					if c.reason != "DELETED" {
						sendText(alice, room, "SECRET")
						if e := others.Next().
							At("roomEvents"); e.Str("__typename") != "MemberLeft" || e.Str("reason") != c.reason ||
							e.Str("user.id") != "bob" {
							t.Errorf("carol hears %v", e)
						}
						others.Next()
					} else {
						for name, stream := range map[string]interface{ Next() testkit.JSON }{
							"carol's": others, "bob's": events, "bob's over SSE": sse,
						} {
							e := stream.Next().At("roomEvents")
							if e.Str("__typename") != "RoomDeleted" ||
								e.Str("room.name") != "" || e.Int("room.memberCount") != 0 ||
								len(e.List("room.members.nodes")) != 0 {
								t.Errorf("%s last event is %v", name, e)
							}
						}
						if e := others.Error(); e.Extensions["reason"] != "DELETED" {
							t.Errorf("carol's stream ends with %+v", e)
						}
					}
					for name, e := range map[string]testkit.ReplyError{"roomEvents": events.Error(), "messageAdded": messages.Error(), "events": sse.Error()} {
						if e.Extensions["code"] != "MEMBERSHIP_ENDED" ||
							e.Extensions["reason"] != c.reason {
							t.Errorf("%s ends with %+v", name, e)
						}
					}
					sse.Complete()
					for { // a late change may come first
						e := list.Next().At("myRoomsChanged")
						if e.Str("kind") == "REMOVED" && e.Str("roomId") == room {
							break
						}
					}
					bob.Refused(
						"NOT_FOUND",
						`query($id: ID!) { roomInfo(roomId: $id) { id } }`,
						testkit.Vars{"id": room},
					)
				},
			)
		})
	}
}
