package graph_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/room"
	"parley/internal/testkit"
)

// TestLockedRoomHoldsUpNobody: while somebody else has a room locked its senders wait, and those of other rooms do not.
func TestLockedRoomHoldsUpNobody(t *testing.T) {
	t.Parallel()
	s := testkit.StartOn(t, testkit.MigratedPostgresURL(t))
	alice, db := s.As("alice"), s.Ent()
	locked, open := makeRoom(alice, nil), makeRoom(alice, nil)
	say(alice, locked, "before")
	tx, err := db.Tx(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	held := tx.Room.Query().Where(room.ID(uuid.MustParse(locked))).ForUpdate().OnlyX(t.Context())
	var waiting sync.WaitGroup
	for i := range 5 {
		waiting.Go(func() { say(alice, locked, fmt.Sprint(i)) })
	}
	for range 20 { // some of them together with those that wait
		if seq := say(alice, open, "open").Int("seq"); seq == 0 {
			t.Error("sent nowhere")
		}
	}
	if n := db.Room.GetX(t.Context(), held.ID).Seq; n != held.Seq {
		t.Errorf("the room that is locked has come to %d", n)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	waiting.Wait()
	if n := db.Room.GetX(t.Context(), held.ID).Seq; n != held.Seq+5 {
		t.Errorf("the room has come to %d, want %d", n, held.Seq+5)
	}
}

// TestSendersTogether has many send at once, some of them the same again, while others of them are removed: the log has no
// hole, nobody's message is there twice, and none of somebody's that was committed after their removal.
func TestSendersTogether(t *testing.T) {
	testkit.EachSeeded(t, func(t *testing.T, s *testkit.Server, db *ent.Client) {
		owner := s.As("owner")
		var people []string
		for i := range 12 {
			people = append(people, fmt.Sprint("p", i))
			s.As(people[i])
		}
		rooms := []string{makeRoom(owner, testkit.Vars{"memberIds": people}), makeRoom(owner, testkit.Vars{"memberIds": people})}
		const each = 25
		var do []func()
		for i, id := range people {
			client := s.As(id)
			do = append(do, func() {
				for n := range each {
					vars := testkit.Vars{"input": testkit.Vars{"roomId": rooms[n%2], "contents": "x", "idempotencyKey": fmt.Sprint(n)}}
					send := func() testkit.Reply {
						return client.Ask(`mutation($input: SendMessageInput!) { sendMessage(input: $input) { message { id seq } } }`, vars)
					}
					got := inParallel(1+i%2, send)
					for _, reply := range got {
						switch {
						case reply.Code() == "NOT_FOUND" && i < 4: // removed
						case reply.Code() != "":
							t.Errorf("%s: %+v", id, reply.Errors)
						case got[0].Code() == "" && reply.Data.Str("sendMessage.message.id") != got[0].Data.Str("sendMessage.message.id"):
							t.Errorf("%s sent %d twice", id, n)
						}
					}
				}
			})
		}
		do = append(do, func() {
			for _, id := range people[:4] {
				time.Sleep(5 * time.Millisecond) // spreads the removals over the sending
				owner.Do(kick, testkit.Vars{"room": rooms[0], "user": id, "ban": false})
			}
		})
		atOnce(do...)
		sound(t, db)
		for _, id := range people[4:] {
			got := s.As(id).Do(`query($room: ID!) { roomInfo(roomId: $room) { unreadCount } }`, testkit.Vars{"room": rooms[1]})
			if unread := got.Int("roomInfo.unreadCount"); unread < 7*(each/2) {
				t.Errorf("%s has %d unread", id, unread)
			}
		}
	})
}
