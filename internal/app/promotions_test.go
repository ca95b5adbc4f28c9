//go:build unix

package app_test

import (
	"fmt"
	"testing"
	"time"

	"parley/internal/store"
	"parley/internal/store/storetest"
	"parley/internal/testkit"
)

// TestTwoPromotions promotes a standby, and then a standby of that one, which lacks the first events
// on the timeline between. No seq of either timeline is used again, also not in a room without events
// between, or in one whose timeline is unknown. Subscribers with a position of before get Resync.
func TestTwoPromotions(t *testing.T) {
	t.Parallel()
	first := storetest.NewPrimary(t)
	second := first.Standby("second")
	third := second.Standby("third")
	s := testkit.StartOn(t, first.URL(second, third))
	alice := s.As("alice")
	rooms := map[string]string{"busy": "", "quiet": "", "restored": ""}
	send := func(room, text string, want int) {
		t.Helper()
		in := testkit.Vars{"room": rooms[room], "text": text}
		for range 200 {
			sent := alice.Ask(`mutation($room: ID!, $text: String!) {
				sendMessage(input: {roomId: $room, contents: $text, idempotencyKey: $text}) { message { seq } } }`, in)
			if sent.Code() == "" {
				if seq := sent.Data.Int("sendMessage.message.seq"); seq != want {
					t.Errorf("%s in %s is at %d, want %d", text, room, seq, want)
				}
				return
			}
			<-time.After(50 * time.Millisecond) // until the promotion is noticed
		}
		t.Fatalf("%s is not sent", text)
	}
	cutOff := func(standby, from *storetest.Server) {
		t.Helper()
		standby.Await(`SELECT pg_last_wal_replay_lsn() >= '` + from.Position() + `'`)
		standby.StopReplication()
	}

	for room := range rooms {
		rooms[room] = alice.Do(`mutation { createRoom(input: {}) { room { id } } }`, nil).
			Str("createRoom.room.id")
		for seq := range 3 {
			send(room, fmt.Sprint("message ", seq), seq+1)
		}
	}
	first.Exec("parley", `UPDATE rooms SET timeline = 0 WHERE id = '`+rooms["restored"]+`'`)
	const events = `subscription($room: ID!, $after: Int) {
		roomEvents(roomId: $room, after: $after) { __typename seq } }`
	open := alice.Subscribe(events, testkit.Vars{"room": rooms["busy"]})
	third.Await(`SELECT pg_last_wal_replay_lsn() >= '` + first.Position() + `'`)
	cutOff(second, first)
	send("busy", "lost", 4)
	send("restored", "lost", 4+store.SkippedSeqs)

	first.Kill()
	second.Promote()
	send("restored", "first on the second", 4+2*store.SkippedSeqs)
	cutOff(third, second)
	for i := range 3 {
		send("busy", fmt.Sprint("lost again ", i), 4+store.SkippedSeqs+i)
	}

	second.Kill()
	third.Promote()
	const head = 4 + 2*store.SkippedSeqs
	send("busy", "first on the third", head)
	send("quiet", "first on the third", head)
	send("restored", "first on the third", 5+3*store.SkippedSeqs)
	for seq := 0; seq < head; {
		event, failed := open.NextOrError()
		if failed != nil { // the promotion was not over
			if failed.Extensions["code"] != "UNAVAILABLE" {
				t.Fatalf("the open stream ends with %v", failed)
			}
			open = alice.Subscribe(events, testkit.Vars{"room": rooms["busy"], "after": seq})
			continue
		}
		e := event.At("roomEvents")
		kind := e.Str("__typename")
		if kind != "StreamOpened" && kind != "Resync" && e.Int("seq") != seq+1 {
			t.Errorf("after %d the open stream gets %v", seq, e)
		}
		if kind != "StreamOpened" || seq == 0 { // later ones have the head
			seq = e.Int("seq")
		}
	}
	for _, after := range []int{3, 4, 4 + store.SkippedSeqs, 6 + store.SkippedSeqs} {
		back := alice.Subscribe(events, testkit.Vars{"room": rooms["busy"], "after": after})
		back.Next() // StreamOpened
		e := back.Next().At("roomEvents")
		if e.Str("__typename") != "Resync" || e.Int("seq") != head {
			t.Errorf("after %d comes %v", after, e)
		}
		back.Close()
	}
}
