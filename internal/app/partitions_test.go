package app_test

import (
	"database/sql"
	"fmt"
	"testing"

	"parley/internal/testkit"
)

// TestPartitions has the messages and events of a PostgreSQL database in partitions by room, and the
// server does all that it does.
func TestPartitions(t *testing.T) {
	t.Parallel()
	url := testkit.MigratedPostgresURL(t)
	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, table := range []string{"messages", "room_events"} {
		mustExec(t, db, fmt.Sprintf(`ALTER TABLE %s RENAME TO whole`, table))
		mustExec(t, db, fmt.Sprintf(
			`CREATE TABLE %s (LIKE whole INCLUDING ALL) PARTITION BY HASH (room_id)`, table))
		mustExec(t, db, fmt.Sprintf(
			`ALTER TABLE %s ADD FOREIGN KEY (room_id) REFERENCES rooms ON DELETE CASCADE`, table))
		for i := range 4 {
			mustExec(t, db, fmt.Sprintf(`CREATE TABLE %s_%d PARTITION OF %[1]s
	FOR VALUES WITH (MODULUS 4, REMAINDER %[2]d)`, table, i))
		}
		mustExec(t, db, `DROP TABLE whole`)
	}
	one, other := testkit.StartOn(t, url), testkit.StartOn(t, url)
	for range 8 {
		work(t, one, other)
	}
	used := 0
	for i := range 4 {
		if count(t, db, fmt.Sprintf("messages_%d", i)) > 0 {
			used++
		}
	}
	if used < 2 {
		t.Errorf("%d partitions have messages", used)
	}
}
