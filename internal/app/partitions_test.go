package app_test

import (
	"database/sql"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"parley/internal/testkit"
)

// partitioning returns what docs/operations.md has the operator do to partition messages.
func partitioning(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile("(?s)```sql\n(BEGIN;\nALTER TABLE messages .*?)```").
		FindSubmatch(page)
	if found == nil {
		t.Fatal("the page does not partition messages")
	}
	return string(found[1])
}

// TestPartitions partitions the messages and events of a PostgreSQL database that has some. The rows are
// the same then, and the server does all that it does.
func TestPartitions(t *testing.T) {
	t.Parallel()
	url := testkit.MigratedPostgresURL(t)
	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	digest := func(table string) (rows int, digest string) {
		t.Helper()
		err := db.QueryRowContext(t.Context(), fmt.Sprintf(
			`SELECT count(*), md5(string_agg(r::text, ' ' ORDER BY room_id, seq)) FROM %s AS r`,
			table,
		)).Scan(&rows, &digest)
		if err != nil {
			t.Fatal(err)
		}
		return rows, digest
	}
	var rooms []string
	t.Run("before", func(t *testing.T) { // its servers end
		one, other := testkit.StartOn(t, url), testkit.StartOn(t, url)
		for range 8 {
			rooms = append(rooms, work(t, one, other))
		}
	})
	const partitions = 4
	for _, table := range []string{"messages", "room_events"} {
		rows, before := digest(table)
		mustExec(t, db, strings.ReplaceAll(partitioning(t), "messages", table))
		if n, after := digest(table); n != rows || n == 0 || after != before {
			t.Errorf("%s has %d rows (%s), and had %d (%s)", table, n, after, rows, before)
		}
		used := 0
		for i := range partitions {
			if count(t, db, fmt.Sprintf("%s_%d", table, i)) > 0 {
				used++
			}
		}
		if used < 2 {
			t.Errorf("%d partitions have %s", used, table)
		}
		var oldest, next int
		if err := db.QueryRowContext(t.Context(), fmt.Sprintf(
			`SELECT max(id), nextval(pg_get_serial_sequence('%s', 'id')) FROM %[1]s`, table,
		)).Scan(&oldest, &next); err != nil || next <= oldest {
			t.Errorf("after id %d comes %d (%v)", oldest, next, err)
		}
	}
	one, other := testkit.StartOn(t, url), testkit.StartOn(t, url)
	bob := one.As("bob")
	for _, room := range rooms {
		events := bob.Subscribe(
			`subscription($room: ID!) { roomEvents(roomId: $room, after: 0) { seq } }`,
			testkit.Vars{"room": room},
		)
		events.Next() // StreamOpened
		for seq := range 8 {
			if e := events.Next(); e.Int("roomEvents.seq") != seq+1 {
				t.Errorf("after %d comes %v", seq, e)
			}
		}
		events.Close()
	}
	for range 8 {
		work(t, one, other)
	}
	mustExec(t, db, fmt.Sprintf(`DELETE FROM rooms WHERE id = '%s'`, rooms[0]))
	for _, table := range []string{"messages", "room_events"} {
		if n := count(t, db, fmt.Sprintf(`%s WHERE room_id = '%s'`, table, rooms[0])); n > 0 {
			t.Errorf("a room that is gone has %d %s", n, table)
		}
	}
}
