package graph_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/ban"
	"parley/ent/endedmembership"
	"parley/ent/message"
	"parley/ent/reaction"
	entroom "parley/ent/room"
	"parley/ent/roomevent"
	"parley/ent/roomtag"
	"parley/internal/app"
	"parley/internal/config"
	"parley/internal/testkit"
)

// runPrune runs the command prune on the database of a server, and returns what it prints.
func runPrune(t *testing.T, s *testkit.Server, set func(*config.Config)) string {
	t.Helper()
	cfg := config.Defaults()
	cfg.DatabaseURL = config.Secret(s.DatabaseURL)
	set(&cfg)
	var printed strings.Builder
	logger := slog.New(slog.NewTextHandler(t.Output(), nil))
	if err := app.Prune(t.Context(), cfg, logger, &printed, app.Options{}); err != nil {
		t.Fatal(err)
	}
	return printed.String()
}

// age makes a column of a room's rows an hour older: those of messages, or the room itself.
func age(t *testing.T, db *ent.Client, room, table, column string) {
	t.Helper()
	key := map[string]string{"rooms": "id", "messages": "room_id"}[table]
	_, err := db.ExecContext(t.Context(),
		fmt.Sprintf("UPDATE %s SET %s = $1 WHERE %s = $2", table, column, key),
		time.Now().UTC().Add(-time.Hour), uuid.MustParse(room))
	if err != nil {
		t.Fatal(err)
	}
}

// oldMessages makes messages expire that [age] made older.
func oldMessages(cfg *config.Config) { cfg.MessageRetention = 30 * time.Minute }

// resume opens a stream after a position, and returns its first item after StreamOpened.
func resume(c *testkit.Client, room string, after int) (*testkit.Stream, testkit.JSON) {
	stream := c.Subscribe(roomEvents, testkit.Vars{"room": room, "after": after})
	stream.Next()
	return stream, stream.Next().At("roomEvents")
}

const shownRoom = `query($room: ID!) { roomInfo(roomId: $room) { seq unreadCount lastReadSeq latestMessage { contents }
	messages(last: 2) { nodes { contents replyTo { id } thread { id } } pageInfo { hasPreviousPage } } } }`

// TestMessageRetention prunes a part of a room, and then all of it, while a server runs.
func TestMessageRetention(t *testing.T) {
	testkit.EachSeeded(t, func(t *testing.T, s *testkit.Server, db *ent.Client) {
		names := []string{"alice", "bob", "carol", "dora"}
		clients := make(map[string]*testkit.Client)
		for _, name := range names {
			clients[name] = s.As(name)
			clients[name].Do(`{ me { id } }`, nil)
		}
		alice, bob, carol := clients["alice"], clients["bob"], clients["carol"]
		room := makeRoom(alice, testkit.Vars{"memberIds": names[1:]})
		vars := testkit.Vars{"room": room}
		read := func(c *testkit.Client, seq int) {
			c.Do(
				fmt.Sprintf(
					`mutation($room: ID!) { markRead(roomId: $room, seq: %d) { room { id } } }`,
					seq,
				),
				vars,
			)
		}
		unread := func(when string, want ...int) {
			t.Helper()
			for i, name := range names {
				if got := clients[name].Do(shownRoom, vars).
					Int("roomInfo.unreadCount"); got != want[i] {
					t.Errorf("%s %s has %d unread messages, want %d", when, name, got, want[i])
				}
			}
		}
		react := func(c *testkit.Client, id string) {
			c.Do(
				`mutation($id: ID!) { react(messageId: $id, emoji: "👍") { message { id } } }`,
				testkit.Vars{"id": id},
			)
		}

		first := sendText(alice, room, "first", testkit.Vars{"idempotencyKey": "k"}).Str("id") // 1
		// More than a step, to 301.
		sendTexts(bob, room, 300)
		sendText(carol, room, "carol's only one") // 302
		last := sendText(alice, room, "last old one").Str("id")
		react(bob, first) // 304
		read(bob, 200)
		age(t, db, room, "rooms", "created_at")
		age(t, db, room, "messages", "created_at")
		unread("at first", 301, 2, 302, 303)
		sendText(alice, room, "a reply", testkit.Vars{"replyToId": last, "threadId": last}) // 305
		sendText(bob, room, "an answer")                                                    // 306
		react(carol, last)                                                                  // 307
		open, _ := resume(alice, room, 306)

		if got := runPrune(
			t,
			s,
			oldMessages,
		); got != "Deleted 303 messages, 0 events of logs and 0 rooms.\n" {
			t.Errorf("the command prints %q", got)
		}
		unread("after pruning", 1, 1, 2, 2)
		shown := carol.Do(shownRoom, vars).At("roomInfo")
		nodes := shown.List("messages.nodes")
		if len(nodes) != 2 || nodes[0].Str("contents") != "a reply" ||
			!nodes[0].IsNull("replyTo") ||
			!nodes[0].IsNull("thread") ||
			shown.Bool("messages.pageInfo.hasPreviousPage") ||
			shown.Str("latestMessage.contents") != "an answer" ||
			shown.Int("lastReadSeq") != 303 {
			t.Errorf("what is left: %s", shown)
		}
		if n := len(
			alice.Do(`query($room: ID!) { roomInfo(roomId: $room) { messages(first: 50, afterSeq: 3) { nodes { id } } } }`, vars).
				List("roomInfo.messages.nodes"),
		); n != 2 {
			t.Errorf("after a pruned position there are %d messages", n)
		}
		if !alice.Do(`query($id: ID!) { node(id: $id) { id } }`, testkit.Vars{"id": first}).
			IsNull("node") {
			t.Error("a pruned message is found by its id")
		}
		alice.Refused(
			"NOT_FOUND",
			`mutation($id: ID!) { editMessage(messageId: $id, contents: "x") { message { id } } }`,
			testkit.Vars{"id": first},
		)
		e := alice.Refused("BAD_USER_INPUT", sendMessage,
			testkit.Vars{"input": testkit.Vars{"roomId": room, "contents": "x", "replyToId": last}})
		if e.Extensions["field"] != "replyToId" {
			t.Errorf("a reply to a pruned message: %+v", e)
		}
		// Positions in what was pruned, at its last event, and before an event about a pruned
		// message, on a node that has nothing of the room in memory.
		fresh := testkit.StartOn(t, s.DatabaseURL).As("bob")
		for _, after := range []int{0, 302, 303, 304, 306} {
			stream, next := resume(fresh, room, after)
			if next.Str("__typename") != "Resync" || next.Int("seq") != 307 {
				t.Errorf("after %d comes %s", after, next)
			}
			stream.Close()
		}
		// Members whose own messages were pruned, and others.
		for _, name := range names {
			read(clients[name], 1000)
		}
		unread("when all is read", 0, 0, 0, 0)
		sendText(alice, room, "new") // 308
		unread("after one more", 0, 1, 1, 1)
		if next := open.Next().At("roomEvents"); next.Int("seq") != 308 {
			t.Errorf("the open stream continues with %s", next)
		}
		if _, next := resume(fresh, room, 307); next.Int("seq") != 308 {
			t.Errorf("after 307 comes %s", next)
		}

		// All of it.
		age(t, db, room, "messages", "created_at")
		runPrune(t, s, oldMessages)
		unread("after pruning all", 0, 0, 0, 0)
		shown = bob.Do(shownRoom, vars).At("roomInfo")
		if len(shown.List("messages.nodes")) > 0 || !shown.IsNull("latestMessage") ||
			shown.Int("seq") != 309 {
			t.Errorf("what is left of nothing: %s", shown)
		}
		if next := open.Next().
			At("roomEvents"); next.Str("__typename") != "Resync" ||
			next.Int("seq") != 309 {
			t.Errorf("the open stream continues with %s", next)
		}
		runPrune(t, s, oldMessages) // there is nothing to do
		sendText(bob, room, "again", testkit.Vars{"replyToId": nil})
		if next := open.Next().
			At("roomEvents"); next.Int("seq") != 310 ||
			next.Str("message.contents") != "again" {
			t.Errorf("the open stream continues with %s", next)
		}
		unread("after the next", 1, 0, 1, 1)
		id := uuid.MustParse(room)
		if n := db.Message.Query().Where(message.RoomID(id)).CountX(t.Context()); n != 1 {
			t.Errorf("%d messages are left", n)
		}
		if n := db.Reaction.Query().Where(reaction.RoomID(id)).CountX(t.Context()); n != 0 {
			t.Errorf("%d reactions are left", n)
		}
	})
}

// TestDeletedRoomRetention prunes a deleted room: clients learn of the deletion before that.
func TestDeletedRoomRetention(t *testing.T) {
	testkit.EachSeeded(t, func(t *testing.T, s *testkit.Server, db *ent.Client) {
		alice, bob, carol := s.As("alice"), s.As("bob"), s.As("carol")
		for _, c := range []*testkit.Client{bob, carol} {
			c.Do(`{ me { id } }`, nil)
		}
		input := testkit.Vars{
			"memberIds": []string{"bob", "carol"}, "tags": []string{"tea"}, "idempotencyKey": "k",
			"accessType": "PUBLIC",
		}
		room, other := makeRoom(
			alice,
			input,
		), makeRoom(
			alice,
			testkit.Vars{"memberIds": []string{"bob"}},
		)
		for _, id := range []string{room, other} {
			m := sendText(bob, id, "hi").Str("id")
			alice.Do(
				`mutation($id: ID!) { react(messageId: $id, emoji: "👍") { message { id } } }`,
				testkit.Vars{"id": m},
			)
		}
		vars := testkit.Vars{"room": room}
		alice.Do(
			`mutation($room: ID!) { removeMember(roomId: $room, userId: "carol", ban: true) { room { id } } }`,
			vars,
		)
		alice.Do(`mutation($room: ID!) { deleteRoom(roomId: $room) { roomId } }`, vars)
		age(t, db, room, "rooms", "deleted_at")
		late := makeRoom(alice, testkit.Vars{"memberIds": []string{"bob"}})
		alice.Do(
			`mutation($room: ID!) { deleteRoom(roomId: $room) { roomId } }`,
			testkit.Vars{"room": late},
		)

		ended := func(room string) string {
			e := bob.Subscribe(roomEvents, testkit.Vars{"room": room, "after": 1}).Error()
			return fmt.Sprint(e.Extensions["code"], " ", e.Extensions["reason"])
		}
		if got := ended(room); got != "MEMBERSHIP_ENDED DELETED" {
			t.Errorf("a stream of the deleted room ends with %s", got)
		}
		runPrune(t, s, func(cfg *config.Config) { cfg.DeletedRoomRetention = 30 * time.Minute })
		if got := ended(room); got != "NOT_FOUND <nil>" {
			t.Errorf("a stream of the pruned room ends with %s", got)
		}
		if got := ended(late); got != "MEMBERSHIP_ENDED DELETED" {
			t.Errorf("a stream of a room that was deleted later ends with %s", got)
		}
		alice.Refused("NOT_FOUND", createRoom, testkit.Vars{"input": input})
		count := func(room string) []int {
			id := uuid.MustParse(room)
			ctx := t.Context()
			return []int{
				db.Room.Query().Where(entroom.ID(id)).CountX(ctx),
				db.Message.Query().Where(message.RoomID(id)).CountX(ctx),
				db.Reaction.Query().Where(reaction.RoomID(id)).CountX(ctx),
				db.RoomEvent.Query().Where(roomevent.RoomID(id)).CountX(ctx),
				db.RoomTag.Query().Where(roomtag.RoomID(id)).CountX(ctx),
				db.Ban.Query().Where(ban.RoomID(id)).CountX(ctx),
				db.EndedMembership.Query().Where(endedmembership.RoomID(id)).CountX(ctx),
			}
		}
		if got := count(room); !slices.Equal(got, make([]int, 7)) {
			t.Errorf("rows of the pruned room: %v", got)
		}
		if got := count(other); !slices.Equal(got, []int{1, 1, 1, 1, 0, 0, 0}) {
			t.Errorf("rows of another room: %v", got)
		}
	})
}

// TestPruneRegularly: a server prunes by itself.
func TestPruneRegularly(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice := s.As("alice")
		room := makeRoom(alice, nil)
		gone := makeRoom(alice, nil)
		sendText(alice, room, "old")
		alice.Do(
			`mutation($room: ID!) { deleteRoom(roomId: $room) { roomId } }`,
			testkit.Vars{"room": gone},
		)
		for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
			metrics := s.Metrics()
			if strings.Contains(metrics, `parley_pruned_total{kind="messages"} 1`) &&
				strings.Contains(metrics, `parley_pruned_total{kind="rooms"} 1`) {
				break
			}
			if time.Now().After(deadline) {
				t.Fatal("nothing was pruned")
			}
		}
		if got := alice.Do(
			shownRoom,
			testkit.Vars{"room": room},
		); !got.IsNull(
			"roomInfo.latestMessage",
		) {
			t.Errorf("the room shows %s", got)
		}
	}, func(cfg *config.Config) {
		cfg.MessageRetention, cfg.DeletedRoomRetention = 300*time.Millisecond, 300*time.Millisecond
	})
}

// TestPruneNothing: the command refuses to run if nothing can expire.
func TestPruneNothing(t *testing.T) {
	t.Parallel()
	cfg := config.Defaults()
	cfg.DeletedRoomRetention = 0
	err := app.Prune(
		context.Background(),
		cfg,
		slog.New(slog.DiscardHandler),
		io.Discard,
		app.Options{},
	)
	if err == nil || !strings.Contains(err.Error(), "--message-retention") {
		t.Errorf("prune returns %v", err)
	}
}

// TestPruneMissingFile: the command makes no database.
func TestPruneMissingFile(t *testing.T) {
	t.Parallel()
	cfg := config.Defaults()
	path := filepath.Join(t.TempDir(), "missing.db")
	cfg.DatabaseURL = config.Secret("sqlite:" + path)
	err := app.Prune(
		t.Context(), cfg, slog.New(slog.DiscardHandler), io.Discard, app.Options{})
	if _, ok := errors.AsType[*config.InvalidError](
		err,
	); !ok ||
		!strings.Contains(err.Error(), path) {
		t.Errorf("prune returns %v", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("prune made a database")
	}
}
