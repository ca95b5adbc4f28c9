package write

import (
	"database/sql"
	"log/slog"
	"strings"
	"testing"

	"parley/ent"
	"parley/internal/store"
	"parley/internal/store/storetest"
)

// TestSeqsSkipped: a room skips seqs for each promotion since its newest event, because the skip of the
// one before may have been lost, too. SQL and Go agree.
func TestSeqsSkipped(t *testing.T) {
	quiet := store.Options{Logger: slog.New(slog.DiscardHandler)}
	db, err := store.Open(t.Context(), storetest.PostgresURL(t), quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	client := ent.NewClient(ent.Driver(db.Driver()))
	const cluster = 1_800_000_000 * store.OneCluster
	expression := strings.NewReplacer("$7", "$1", "$8", "$2", "$9", "$3").Replace(seqsToSkip)
	for _, c := range []struct{ last, present, want int64 }{
		{0, 0, 0},
		{0, cluster + 1, store.SkippedSeqs},
		{0, cluster + 2, 2 * store.SkippedSeqs}, // the skip on the timeline 1 may be lost
		{0, 2, 2 * store.SkippedSeqs},           // of an unknown cluster
		{cluster + 1, 0, 0},
		{cluster + 1, cluster + 1, 0},
		{cluster + 1, cluster + 2, store.SkippedSeqs},
		{cluster + 1, cluster + 4, 3 * store.SkippedSeqs},
		{cluster + 2, cluster + 1, 0},
		{cluster + 7, cluster + store.OneCluster + 1, store.SkippedSeqs},
		{cluster + 7, cluster + store.OneCluster + 3, 3 * store.SkippedSeqs},
		{cluster + store.OneCluster + 1, cluster + 7, 0},
	} {
		var inSQL int64
		err := store.Each(
			t.Context(),
			client,
			func(rows *sql.Rows) error { return rows.Scan(&inSQL) },
			`SELECT `+expression+` FROM (SELECT $4::bigint AS timeline) AS rooms`,
			c.present,
			store.SkippedSeqs,
			store.OneCluster,
			c.last,
		)
		if err != nil {
			t.Fatal(err)
		}
		if got := seqsSkipped(c.last, c.present); got != c.want || inSQL != c.want {
			t.Errorf("from %d to %d: %d, in SQL %d, want %d", c.last, c.present, got, inSQL, c.want)
		}
	}
}
