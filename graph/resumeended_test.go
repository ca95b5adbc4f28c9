package graph_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/internal/app"
	"parley/internal/testkit"
)

// TestResumeEndedMembership resumes subscriptions to a room in which the viewer is no longer: they
// receive MEMBERSHIP_ENDED with the reason. Users who were never in it learn nothing.
func TestResumeEndedMembership(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice, bob := s.As("alice"), s.As("bob")
		bob.Do(`{ me { id } }`, nil)
		const remove = `mutation($room: ID!, $ban: Boolean!) {
			removeMember(roomId: $room, userId: "bob", ban: $ban) { room { id } } }`
		withBob := []string{"bob"}
		for name, c := range map[string]struct {
			members []string
			end     func(room testkit.Vars)
			want    string // "code reason"
		}{
			"deleted": {
				withBob, func(room testkit.Vars) { alice.Do(deleteRoom, room) }, "MEMBERSHIP_ENDED DELETED",
			},
			"left": {
				withBob, func(room testkit.Vars) { bob.Do(leaveRoom, room) }, "MEMBERSHIP_ENDED LEFT",
			},
			"left, then deleted": {withBob, func(room testkit.Vars) {
				bob.Do(leaveRoom, room)
				alice.Do(deleteRoom, room)
			}, "MEMBERSHIP_ENDED LEFT"},
			"kicked": {withBob, func(room testkit.Vars) {
				room["ban"] = false
				alice.Do(remove, room)
			}, "MEMBERSHIP_ENDED KICKED"},
			"banned": {withBob, func(room testkit.Vars) {
				room["ban"] = true
				alice.Do(remove, room)
			}, "MEMBERSHIP_ENDED BANNED"},
			"never in it": {
				nil, func(room testkit.Vars) { alice.Do(deleteRoom, room) }, "NOT_FOUND",
			},
			"never in it, and not deleted": {nil, func(testkit.Vars) {}, "FORBIDDEN"},
		} {
			id := makeRoom(alice, testkit.Vars{"memberIds": c.members})
			room := testkit.Vars{"room": id}
			c.end(room)
			is := func(how string, e testkit.ReplyError) {
				t.Helper()
				got := fmt.Sprint(e.Extensions["code"])
				if reason := e.Extensions["reason"]; reason != nil {
					got += fmt.Sprint(" ", reason)
				}
				if got != c.want {
					t.Errorf("%s, by %s: got %s, want %s", name, how, got, c.want)
				}
			}
			room["after"] = 0
			const snapshot = `subscription($room: ID!, $after: Int) { roomEvents(roomId: $room, after: $after) {
				... on StreamOpened { messages { nodes { id } } } } }`
			for how, query := range map[string]string{
				"roomEvents": roomEvents, "messageAdded": messageAdded, "a snapshot": snapshot,
			} {
				is(how, bob.Subscribe(query, room).Error())
				is(how+" over SSE", bob.Events(query, room).Error())
			}
			source := newEventSource(t, s, "bob", roomEvents, testkit.Vars{"room": id})
			source.lastEventID = "0"
			source.connect()
			if errs := source.next().Errors; len(errs) == 1 {
				is("Last-Event-ID", errs[0])
			} else {
				t.Errorf("%s, by Last-Event-ID: %+v", name, errs)
			}
			source.cut()
		}
	})
}

// TestMyEventsManyEndings resumes from positions in many rooms, all of which have ended, in a constant
// number of statements.
func TestMyEventsManyEndings(t *testing.T) {
	testkit.EachApp(t, app.Options{PollInterval: time.Hour}, func(t *testing.T, s *testkit.Server) {
		alice, bob := s.As("alice"), s.As("bob")
		bob.Do(`{ me { id } }`, nil)
		want := make(map[string][]string)
		var mu sync.Mutex
		var after []testkit.Vars
		add := func(n int) {
			inParallel(8, func() int {
				var ids []string
				for range n / 8 {
					id := makeRoom(alice, testkit.Vars{"memberIds": []string{"bob"}})
					alice.Do(deleteRoom, testkit.Vars{"room": id})
					ids = append(ids, id)
				}
				mu.Lock()
				defer mu.Unlock()
				for _, id := range ids {
					want[id] = []string{"ENDED ROOM_DELETED"}
					after = append(after, position(id, 0))
				}
				return 0
			})
		}
		for _, n := range []int{8, 240 - 8} {
			add(n)
			all := s.Statements(func() {
				got := opened(t, bob.Subscribe(myEvents, testkit.Vars{"after": after}))
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%d endings (-want +got):\n%s", len(want), diff)
				}
			})
			reads := 0
			for _, statement := range all {
				if strings.Contains(statement, "ended_memberships") {
					reads++
				}
			}
			if reads != 1 || len(all) > 30 {
				t.Errorf("%d endings take %d statements: %q", len(want), len(all), all)
			}
		}
	})
}
