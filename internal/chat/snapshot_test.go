package chat

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/ent"
	"parley/internal/chat/read"
)

// TestSnapshotsDoNotChange: a snapshot shows the room as it was when it began, and delays no
// writer.
func TestSnapshotsDoNotChange(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, url string) {
		c, ctx := newNode(t, url), t.Context()
		alice := Viewer{ID: "alice"}
		if err := c.EnsureUser(ctx, alice.ID, "", ""); err != nil {
			t.Fatal(err)
		}
		room, err := c.CreateRoom(ctx, alice, CreateRoomInput{Name: "before", Tags: []string{"a"}})
		if err != nil {
			t.Fatal(err)
		}
		send := func() {
			t.Helper()
			_, err := c.SendMessage(ctx, alice, SendMessageInput{RoomID: room.ID, Contents: "x"})
			if err != nil {
				t.Fatal(err)
			}
		}
		send()
		err = c.Snapshot(ctx, "", room.ID, func(ctx context.Context, at Snapshot) error {
			send()
			name := "after"
			in := UpdateRoomInput{RoomID: room.ID, Name: &name, Tags: []string{"b"}}
			if _, err := c.UpdateRoom(ctx, alice, in); err != nil {
				return err
			}
			list := read.List{Room: room.ID}
			messages, err := at.Messages(ctx, []read.List{list}, read.Window{Count: 10, Last: true})
			if err != nil {
				return err
			}
			tags, err := at.TagsOf(ctx, []*ent.Room{at.Room})
			if err != nil {
				return err
			}
			if n := len(messages[list].Items); n != 1 || at.Version.Seq != 1 ||
				at.Room.Name != "before" || tags[0][0] != "a" {
				t.Errorf("the snapshot has %d messages at %d, %q, %v",
					n, at.Version.Seq, at.Room.Name, tags)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		now, err := c.FollowVersion(ctx, alice, room.ID)
		if err != nil || now.Seq != 3 {
			t.Errorf("the room is at %d, %v", now.Seq, err)
		}
		failure := errors.New("failure")
		err = c.Snapshot(ctx, "", room.ID, func(context.Context, Snapshot) error { return failure })
		if !errors.Is(err, failure) {
			t.Errorf("a failure becomes %v", err)
		}
		if err := c.DeleteRoom(ctx, alice, room.ID); err != nil {
			t.Fatal(err)
		}
		err = c.Snapshot(ctx, "", room.ID, func(context.Context, Snapshot) error { return nil })
		if AsError(err).Code != NotFound {
			t.Errorf("a deleted room: %v", err)
		}
	})
}

// TestSnapshotsAreFew: few snapshots are read at a time, and one of one owner. A caller that waits
// for too long gets UNAVAILABLE.
func TestSnapshotsAreFew(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, url string) {
		c, ctx := newNode(t, url), t.Context()
		if err := c.EnsureUser(ctx, "alice", "", ""); err != nil {
			t.Fatal(err)
		}
		room, err := c.CreateRoom(ctx, Viewer{ID: "alice"}, CreateRoomInput{})
		if err != nil {
			t.Fatal(err)
		}
		all := 4 // as node has it
		if strings.HasPrefix(url, "sqlite:") {
			all = 2
		}
		for name, test := range map[string]struct {
			owner func(i int) string
			most  int
		}{
			"of all": {func(i int) string { return fmt.Sprint(i) }, all},
			"of one": {func(int) string { return "alice" }, 1},
		} {
			var mu sync.Mutex
			var running, most int
			full := make(chan struct{}) // as many are read as may be
			count := func(n int) {
				mu.Lock()
				defer mu.Unlock()
				running += n
				if running > most {
					if most = running; most == test.most {
						close(full)
					}
				}
			}
			var readers sync.WaitGroup
			for i := range 10 {
				readers.Go(func() {
					read := func(context.Context, Snapshot) error {
						count(1)
						select {
						case <-full:
						case <-time.After(time.Minute):
						}
						time.Sleep(20 * time.Millisecond) // for one too many
						count(-1)
						return nil
					}
					if err := c.Snapshot(ctx, test.owner(i), room.ID, read); err != nil {
						t.Error(err)
					}
				})
			}
			readers.Wait()
			if most != test.most {
				t.Errorf("%s: %d are read at a time, want %d", name, most, test.most)
			}
		}
		err = c.Snapshot(ctx, "alice", room.ID, func(context.Context, Snapshot) error {
			short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
			defer cancel()
			return c.Snapshot(
				short,
				"alice",
				room.ID,
				func(context.Context, Snapshot) error { return nil },
			)
		})
		if AsError(err).Code != Unavailable {
			t.Errorf("after its time: %v", err)
		}
	})
}
