package app_test

import (
	"os"
	"path/filepath"
	"testing"

	"parley/internal/config"
	"parley/internal/testkit"
)

// synchronous is the option with that name.
func synchronous(when string) testkit.Option {
	return func(cfg *config.Config) { cfg.SQLiteSynchronous = when }
}

// powerCut returns the database that a power cut leaves of a file that is in use: its files as they
// are at this moment.
func powerCut(t *testing.T, path string) (left string) {
	t.Helper()
	left = filepath.Join(t.TempDir(), "parley.db")
	for _, end := range []string{"", "-wal"} {
		data, err := os.ReadFile(path + end)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(left+end, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return left
}

// TestUncleanEnd: after an end that may have lost commits, the rooms continue with seqs that were
// not used before, and streams receive Resync. After a clean end they continue where they were.
func TestUncleanEnd(all *testing.T) {
	const raised = 1_000_000
	path := filepath.Join(all.TempDir(), "parley.db")
	room := ""
	// run runs a server on a file, and ends it cleanly. It sends a message, whose seq must be want.
	run := func(name, path, when string, want int, meanwhile func()) {
		all.Run(name, func(t *testing.T) {
			s := testkit.StartOn(t, "sqlite:"+path, synchronous(when))
			alice := s.As("alice")
			if room == "" {
				room = alice.Do(`mutation { createRoom(input: {}) { room { id } } }`, nil).
					Str("createRoom.room.id")
			}
			if want > raised {
				for _, after := range []int{1, want - 1 - raised, want - raised} {
					stream := alice.Subscribe(`subscription($room: ID!, $after: Int) {
						roomEvents(roomId: $room, after: $after) { __typename seq } }`,
						testkit.Vars{"room": room, "after": after})
					stream.Next() // StreamOpened
					e := stream.Next().At("roomEvents")
					for ; e.Str("__typename") == "MessageAdded"; e = stream.Next().At("roomEvents") {
						if after++; e.Int("seq") != after || after > want-1-raised {
							t.Fatalf("after %d comes %v", after-1, e)
						}
					}
					if e.Str("__typename") != "Resync" || e.Int("seq") != want-1 {
						t.Errorf("after %d comes %v", after, e)
					}
				}
			}
			seq := alice.Do(`mutation($room: ID!) { sendMessage(input: {roomId: $room, contents: "x"}) {
				message { seq } } }`, testkit.Vars{"room": room}).
				Int("sendMessage.message.seq")
			if seq != want {
				t.Errorf("the message is at %d, want %d", seq, want)
			}
			if meanwhile != nil {
				meanwhile()
			}
		})
	}
	cut, unsynced := "", ""
	run("full", path, "full", 1, func() { cut = powerCut(all, path) })
	run("after a clean end of full", path, "normal", 2, nil)
	run("after a clean end of normal", path, "normal", 3, func() {
		unsynced = powerCut(all, path)
		// Another process with the file, while this one runs.
		run("beside another", path, "normal", 4, nil)
		run("beside another, full", path, "full", 5, nil)
	})
	run("after several", path, "normal", 6, nil)

	run("after a power cut of full", cut, "full", 2, nil)
	run("after a power cut of normal", unsynced, "full", raised+4, func() {
		cut = powerCut(all, unsynced)
	})
	run("after a power cut behind that", cut, "normal", raised+5, func() {
		unsynced = powerCut(all, cut)
	})
	run("after another", unsynced, "normal", 2*raised+6, nil)
	run("and a clean end", unsynced, "full", 2*raised+7, nil)
}
