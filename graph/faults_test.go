package graph_test

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/internal/app"
	"parley/internal/testkit"
	"parley/internal/web"
)

// TestSilentDatabase: if the database does not respond and no connection is reset, requests end in
// time. When the database responds again, so does the server, and no change was made twice.
func TestSilentDatabase(t *testing.T) {
	t.Parallel()
	u, err := url.Parse(testkit.MigratedPostgresURL(t))
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	network, far := "tcp", u.Host
	if dir := query.Get("host"); dir != "" {
		network, far = "unix", dir+"/.s.PGSQL.5432"
	}
	link := testkit.NewLink(t, network, far)
	query.Del("host")
	query.Set("sslmode", "disable")
	u.Host, u.RawQuery = link.Addr, query.Encode()
	s := testkit.StartApp(
		t,
		u.String(),
		app.Options{Limits: web.Limits{Operation: 3 * time.Second}},
	)
	alice := s.As("alice")
	room := makeRoom(alice, nil)
	sendText(alice, room, "before")

	link.Silence()
	var asking sync.WaitGroup
	for i := range 60 {
		asking.Go(func() {
			ask, vars := `{ myRoomIds }`, testkit.Vars(nil)
			switch {
			case i%4 == 1:
				ask, vars = createRoom, testkit.Vars{
					"input": testkit.Vars{"idempotencyKey": fmt.Sprint(i)},
				}
			case i%2 == 0:
				ask = `mutation($input: SendMessageInput!) { sendMessage(input: $input) { message { id } } }`
				vars = testkit.Vars{
					"input": testkit.Vars{
						"roomId":         room,
						"contents":       "x",
						"idempotencyKey": fmt.Sprint(i),
					},
				}
			}
			if reply := alice.Ask(ask, vars); reply.Code() != "UNAVAILABLE" {
				t.Errorf("%s: %q %+v", ask, reply.Code(), reply.Errors)
			}
		})
	}
	asking.Wait() // for as long as what is sent together may take
	link.Heal()
	for i := range 60 { // the same again, as those would who had no answer
		switch {
		case i%4 == 1:
			makeRoom(alice, testkit.Vars{"idempotencyKey": fmt.Sprint(i)})
		case i%2 == 0:
			sendText(alice, room, "x", testkit.Vars{"idempotencyKey": fmt.Sprint(i)})
		}
	}
	if n := len(alice.Do(`{ myRoomIds }`, nil).Strs("myRoomIds")); n != 16 {
		t.Errorf("there are %d rooms, want 16", n)
	}
	if n := alice.Do(`query($room: ID!) { roomInfo(roomId: $room) { seq } }`, testkit.Vars{"room": room}).
		Int("roomInfo.seq"); n != 31 {
		t.Errorf("there are %d messages, want 31", n)
	}
}

// TestFullDisk: where there is no room for SQLite to write, writing is refused and reading goes on;
// with room again so does writing, and nothing is half done.
func TestFullDisk(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("a small disk takes Linux")
	}
	disk := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", disk).
		CombinedOutput(); err != nil {
		t.Skipf("a small disk takes the right to mount one: %s", out)
	}
	t.Cleanup(func() {
		//nolint:noctx // it ends at once
		if out, err := exec.Command("umount", disk).
			CombinedOutput(); err != nil {
			t.Errorf("umount: %s", out)
		}
	})
	s := testkit.StartOn(t, "sqlite:"+filepath.Join(disk, "parley.db"))
	alice := s.As("alice")
	room := makeRoom(alice, nil)
	sent := 0
	send := func() testkit.Reply {
		return alice.Ask(
			`mutation($input: SendMessageInput!) { sendMessage(input: $input) { message { seq } } }`,
			testkit.Vars{
				"input": testkit.Vars{"roomId": room, "contents": strings.Repeat("x", 16_000)},
			},
		)
	}
	ballast := filepath.Join(disk, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	for {
		reply := send()
		if reply.Code() == "" {
			if sent++; sent > 500 {
				t.Fatal("the disk does not become full")
			}
			continue
		}
		if reply.Code() != "UNAVAILABLE" {
			t.Fatalf("with a full disk: %+v", reply.Errors)
		}
		break
	}
	info := func() int {
		return alice.Do(`query($room: ID!) { roomInfo(roomId: $room) { seq } }`, testkit.Vars{"room": room}).
			Int("roomInfo.seq")
	}
	if n := info(); n != sent {
		t.Errorf("%d messages were acknowledged, and the room is at %d", sent, n)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if reply := send(); reply.Code() != "" {
		t.Errorf("with room again: %+v", reply.Errors)
	}
	if n := info(); n != sent+1 {
		t.Errorf("the room is at %d, want %d", n, sent+1)
	}
}
