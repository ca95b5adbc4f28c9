package graph_test

import (
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/member"
	"parley/ent/room"
	"parley/ent/roomtag"
	"parley/internal/testkit"
)

// TestLockedRoomsDoNotBlockOthers: while another transaction locks rooms, senders to these rooms
// wait, and senders to other rooms do not.
func TestLockedRoomsDoNotBlockOthers(t *testing.T) {
	t.Parallel()
	s := testkit.StartOn(t, testkit.MigratedPostgresURL(t))
	alice, db := s.As("alice"), s.Ent()
	open := makeRoom(alice, nil)
	var locked []uuid.UUID
	for range 8 {
		locked = append(locked, uuid.MustParse(makeRoom(alice, nil)))
	}
	tx, err := db.Tx(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const each = 3
	tx.Room.Query().Where(room.IDIn(locked...)).Order(room.ByID()).ForUpdate().AllX(t.Context())
	var waiting, going sync.WaitGroup
	for i := range each * len(locked) {
		waiting.Go(func() { sendText(alice, locked[i%len(locked)].String(), "locked") })
		going.Go(func() { sendText(alice, open, "open") })
	}
	going.Wait()
	for _, r := range db.Room.Query().Where(room.IDIn(locked...)).AllX(t.Context()) {
		if r.Seq != 0 {
			t.Errorf("a room that is locked has come to %d", r.Seq)
		}
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	waiting.Wait()
	for _, r := range db.Room.Query().Where(room.IDIn(locked...)).AllX(t.Context()) {
		if r.Seq != each {
			t.Errorf("a room has come to %d, want %d", r.Seq, each)
		}
	}
}

// TestSentInOrder: messages that wait for the lock of a room are sent in the order of their
// requests.
func TestSentInOrder(t *testing.T) {
	t.Parallel()
	s := testkit.StartOn(t, testkit.MigratedPostgresURL(t))
	alice, db := s.As("alice"), s.Ent()
	id := makeRoom(alice, nil)
	sendText(alice, id, "x")
	lock := func() func() {
		tx, err := db.Tx(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		tx.Room.Query().Where(room.ID(uuid.MustParse(id))).ForUpdate().OnlyX(t.Context())
		return func() { _ = tx.Rollback() }
	}
	locked := func() int { // statements that wait for a lock
		rows, err := db.QueryContext(
			t.Context(),
			`SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`,
		)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		n := 0
		for rows.Next() {
			if err := rows.Scan(&n); err != nil {
				t.Fatal(err)
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		return n
	}

	unlock := lock()
	var sending sync.WaitGroup
	want := []string{"x"}
	for i := range 6 {
		text := fmt.Sprint("x", i)
		want = append(want, text)
		sending.Go(func() { sendText(alice, id, text) })
		if i == 0 {
			await(t, "the first waits for the lock", func() bool { return locked() == 1 })
		} else {
			await(
				t,
				"another waits for the first",
				func() bool { return metric(t, s, `parley_write_queue_length{queue="messages"}`) == i },
			)
		}
	}
	again := make(chan func())
	go func() { again <- lock() }()
	await(t, "a second lock waits behind the first message", func() bool { return locked() == 2 })
	unlock()
	unlock = <-again
	await(t, "the others wait for the second lock, unless they came before it", func() bool {
		return locked() == 1 ||
			db.Room.GetX(t.Context(), uuid.MustParse(id)).Seq == int64(len(want))
	})
	unlock()
	sending.Wait()
	got := alice.Do(`query($room: ID!) { roomInfo(roomId: $room) { messages(first: 100) { nodes { contents } } } }`,
		testkit.Vars{"room": id}).
		Strs("roomInfo.messages.nodes.*.contents")
	if !slices.Equal(got, want) {
		t.Errorf("sent %v, want %v", got, want)
	}
}

// TestRoomsCreatedTogether creates many rooms at the same time, some of them twice, some with
// unknown users: each request returns its room, which is complete and exists once, or its own
// error.
func TestRoomsCreatedTogether(t *testing.T) {
	testkit.EachSeeded(t, func(t *testing.T, s *testkit.Server, db *ent.Client) {
		const people, each = 16, 6
		var names []string
		for i := range people {
			names = append(names, fmt.Sprint("p", i))
			s.As(names[i])
		}
		var do []func()
		for i, name := range names {
			client := s.As(name)
			do = append(do, func() {
				for n := range each {
					input := testkit.Vars{
						"name": fmt.Sprint(
							name,
							"'s \"room\" {",
							n,
							"}, NULL",
						),
						"description": "\\",
						"tags":        []string{fmt.Sprint("t", n), "Z"}[:n%3],
						"memberIds":   []string{names[(i+1)%people], names[(i+n)%people]},
					}
					switch n {
					case 2:
						input["memberIds"] = []string{"nobody"}
						client.Refused("UNKNOWN_USER", createRoom, testkit.Vars{"input": input})
						continue
					case 3:
						input["openseaCollection"] = testkit.Vars{
							"name":  "",
							"cover": "https://example.com/c",
							"slug":  name,
						}
						input["maxUsers"] = 9
					case 4:
						input["idempotencyKey"] = "k"
					}
					ids := inParallel([]int{1, 3, 0, 3, 2, 3}[n], func() string {
						room := client.Do(createRoom, testkit.Vars{"input": input}).
							At("createRoom.room")
						for _, what := range []string{"name", "description"} {
							if got := room.Str(what); got != input[what] {
								t.Errorf(
									"%s has made a room whose %s is %q, want %q",
									name,
									what,
									got,
									input[what],
								)
							}
						}
						return room.Str("id")
					})
					if n == 4 && len(slices.Compact(ids)) > 1 {
						t.Errorf("%s has made two rooms with one key", name)
					}
				}
			})
		}
		atOnce(do...)
		checkInvariants(t, db)
		for i, name := range names {
			rooms := db.Room.Query().Where(room.CreatorID(name)).WithMembers().AllX(t.Context())
			if want := 1 + 3 + 3 + 1 + 3; len(rooms) != want {
				t.Errorf("%s has made %d rooms, want %d", name, len(rooms), want)
			}
			for _, r := range rooms {
				var n, of int
				if _, err := fmt.Sscanf(
					strings.TrimPrefix(r.Name, name),
					"'s \"room\" {%d}",
					&n,
				); err != nil {
					t.Errorf("a room of %s is called %q", name, r.Name)
				}
				want := map[string]member.Role{
					name: member.RoleOWNER, names[(i+1)%people]: member.RoleMEMBER,
				}
				if n > 0 {
					want[names[(i+n)%people]] = member.RoleMEMBER
				}
				for _, m := range r.Edges.Members {
					if want[m.UserID] != m.Role {
						t.Errorf(
							"in %q %s is %s, want %q",
							r.Name,
							m.UserID,
							m.Role,
							want[m.UserID],
						)
					}
					of++
				}
				tags := db.RoomTag.Query().Where(roomtag.RoomID(r.ID)).CountX(t.Context())
				if of != len(want) || r.MemberCount != of || tags != n%3 ||
					(r.OpenseaSlug != nil) != (n == 3) ||
					(n == 3) != (r.MaxUsers == 9) {
					t.Errorf(
						"%q is for %d with %d people, %d tags, %v",
						r.Name,
						r.MaxUsers,
						of,
						tags,
						r.OpenseaSlug,
					)
				}
			}
		}
	})
}

// TestRefusedTogether: if the database rejects a write, only its own request fails, not the others
// of the batch.
func TestRefusedTogether(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url, driver, source string) {
		s := testkit.StartOn(t, url)
		alice := s.As("alice")
		id := makeRoom(alice, nil)
		db, err := sql.Open(driver, source)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		refuse := `CREATE TRIGGER refuse_%[1]s BEFORE INSERT ON %[1]s WHEN NEW.%[2]s = 'refused' BEGIN SELECT RAISE(ABORT, 'refused'); END`
		if driver == dialect.Postgres {
			refuse = `CREATE FUNCTION refuse_%[1]s() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON %[1]s FOR EACH ROW WHEN (NEW.%[2]s = 'refused') EXECUTE FUNCTION refuse_%[1]s()`
		}
		for table, column := range map[string]string{"messages": "contents", "rooms": "name"} {
			if _, err := db.ExecContext(
				t.Context(),
				fmt.Sprintf(refuse, table, column),
			); err != nil {
				t.Fatal(err)
			}
		}
		const each = 60
		do := func(what string, one func(text string)) {
			before := metric(t, s, `parley_write_batches_total{queue="`+what+`s"}`)
			var all []func()
			for i := range each {
				all = append(all, func() {
					if i%10 == 0 {
						one("refused")
					} else {
						one(fmt.Sprint("number ", i))
					}
				})
			}
			atOnce(all...)
			if n := metric(
				t,
				s,
				`parley_write_batches_total{queue="`+what+`s"}`,
			) - before; n > each/2 {
				t.Errorf("%d × %s were in %d batches, which shows nothing", each, what, n)
			}
		}
		code := func(text string) string {
			if text == "refused" {
				return "INTERNAL"
			}
			return ""
		}
		do("message", func(text string) {
			reply := alice.Ask(
				`mutation($input: SendMessageInput!) { sendMessage(input: $input) { message { id } } }`,
				testkit.Vars{"input": testkit.Vars{"roomId": id, "contents": text}},
			)
			if reply.Code() != code(text) {
				t.Errorf("message %q: %q", text, reply.Code())
			}
		})
		do("room", func(text string) {
			if reply := alice.Ask(
				createRoom,
				testkit.Vars{"input": testkit.Vars{"name": text}},
			); reply.Code() != code(
				text,
			) {
				t.Errorf("room %q: %q", text, reply.Code())
			}
		})
		if n := alice.Do(`query($id: ID!) { roomInfo(roomId: $id) { seq } }`, testkit.Vars{"id": id}).
			Int("roomInfo.seq"); n != each-each/10 {
			t.Errorf("%d messages are there, want %d", n, each-each/10)
		}
		if n := len(alice.Do(`{ myRoomIds }`, nil).Strs("myRoomIds")); n != 1+each-each/10 {
			t.Errorf("%d rooms are there, want %d", n, 1+each-each/10)
		}
	})
}

// TestPendingKeysDoNotBlockOthers: a request waits for another transaction that inserts the same
// idempotencyKey. Other requests do not wait.
func TestPendingKeysDoNotBlockOthers(t *testing.T) {
	t.Parallel()
	s := testkit.StartOn(t, testkit.MigratedPostgresURL(t))
	alice, bob, db := s.As("alice"), s.As("bob"), s.Ent()
	tx, err := db.Tx(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	tx.RoomRequest.Create().
		SetUserID("alice").
		SetKey("k").
		SetHash([]byte{}).
		SetRoomID(uuid.New()).
		ExecX(t.Context())
	made := make(chan string)
	go func() { made <- makeRoom(alice, testkit.Vars{"idempotencyKey": "k"}) }()
	for range 3 {
		makeRoom(bob, nil)
	}
	select {
	case <-made:
		t.Error("a room was made with a key that is taken")
	default:
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	<-made
}

// await waits until something is so.
func await(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("in vain: %s", what)
		}
	}
}

// metric is what a server's metric shows.
func metric(t *testing.T, s *testkit.Server, name string) int {
	t.Helper()
	found := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + ` (\d+)$`).
		FindStringSubmatch(s.Metrics())
	if found == nil {
		t.Fatalf("there is no %s", name)
	}
	n, err := strconv.Atoi(found[1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestSendersTogether sends many messages at the same time, some of them twice, while senders are
// removed: the log has no hole, no message exists twice, and none was committed after the removal
// of its author.
func TestSendersTogether(t *testing.T) {
	testkit.EachSeeded(t, func(t *testing.T, s *testkit.Server, db *ent.Client) {
		owner := s.As("owner")
		var people []string
		for i := range 12 {
			people = append(people, fmt.Sprint("p", i))
			s.As(people[i])
		}
		rooms := []string{
			makeRoom(owner, testkit.Vars{"memberIds": people}),
			makeRoom(owner, testkit.Vars{"memberIds": people}),
		}
		const each = 25
		var do []func()
		for i, id := range people {
			client := s.As(id)
			do = append(do, func() {
				for n := range each {
					vars := testkit.Vars{
						"input": testkit.Vars{
							"roomId":         rooms[n%2],
							"contents":       "x",
							"idempotencyKey": fmt.Sprint(n),
						},
					}
					send := func() testkit.Reply {
						return client.Ask(
							`mutation($input: SendMessageInput!) { sendMessage(input: $input) { message { id seq } } }`,
							vars,
						)
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
		checkInvariants(t, db)
		for _, id := range people[4:] {
			got := s.As(id).
				Do(`query($room: ID!) { roomInfo(roomId: $room) { unreadCount } }`, testkit.Vars{"room": rooms[1]})
			if unread := got.Int("roomInfo.unreadCount"); unread < 7*(each/2) {
				t.Errorf("%s has %d unread", id, unread)
			}
		}
	})
}
