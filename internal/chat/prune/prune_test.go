package prune

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"maps"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"parley/ent"
	"parley/internal/broker"
	"parley/internal/chat/profiles"
	"parley/internal/chat/retry"
	"parley/internal/chat/write"
	"parley/internal/store"
	"parley/internal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// open returns a pruner of a database.
func open(t *testing.T, url string) *Pruner {
	t.Helper()
	db, err := store.Open(t.Context(), url, store.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	client := ent.NewClient(ent.Driver(db.Driver()))
	writes := write.New(client, db.Dialect(), profiles.NewUsers(db.Dialect(), nil),
		new(broker.Memory), write.Unchanging{}, nil)
	return New(client, db.Dialect(), writes)
}

// TestLastBefore finds the boundary in rooms whose messages have gaps between their seqs.
func TestLastBefore(t *testing.T) {
	for name, url := range map[string]string{
		dialect.SQLite:   "sqlite:" + filepath.Join(t.TempDir(), "parley.db"),
		dialect.Postgres: storetest.MigratedPostgresURL(t),
	} {
		t.Run(name, func(t *testing.T) {
			p, ctx := open(t, url), t.Context()
			start := time.Now().UTC().Truncate(time.Second)
			p.db.User.Create().SetID("ann").SetCreatedAt(start).ExecX(ctx)
			for _, seqs := range [][]int64{nil, {1}, {7}, {1, 2}, {3, 9}, {2, 3, 5, 8, 13, 21, 34}} {
				id := uuid.New()
				p.db.Room.Create().SetID(id).SetName("tea").SetCreatorID("ann").SetOwnerID("ann").
					SetAccessType("PUBLIC").SetSearchText("").SetKey("k").
					SetCreatedAt(start).SetUpdatedAt(start).SetEventAt(start).ExecX(ctx)
				for i, seq := range seqs {
					p.db.Message.Create().SetRoomID(id).SetSeq(seq).SetAuthorID("ann").
						SetType("TEXT").SetContents("x").SetOrdinal(int64(i + 1)).
						SetOwnOrdinal(int64(i + 1)).
						SetCreatedAt(start.Add(time.Duration(i) * time.Minute)).ExecX(ctx)
				}
				for old := range len(seqs) + 1 {
					before := start.Add(time.Duration(old)*time.Minute - time.Second)
					last, err := p.lastBefore(ctx, id, before)
					if err != nil {
						t.Fatal(err)
					}
					var want, got int64
					if old > 0 {
						want = seqs[old-1]
					}
					if last != nil {
						got = last.Seq
					}
					if got != want {
						t.Errorf(
							"of %v the first %d are old: up to %d, want %d",
							seqs,
							old,
							got,
							want,
						)
					}
				}
			}
		})
	}
}

// TestOneStepAtATime: while one node runs a step, another node runs none.
func TestOneStepAtATime(t *testing.T) {
	url := storetest.MigratedPostgresURL(t)
	p := open(t, url)
	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	other, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.ExecContext(
		t.Context(),
		"SELECT pg_advisory_xact_lock($1)",
		int64(pruneLock),
	); err != nil {
		t.Fatal(err)
	}
	run := func() (ran bool, err error) {
		err = p.step(t.Context(), func(*write.Tx) error { ran = true; return nil })
		return ran, err
	}
	if ran, err := run(); ran || !errors.Is(err, ErrBusy) {
		t.Errorf("beside another step it runs (%t) and returns %v", ran, err)
	}
	if err := p.Prune(t.Context(), Before{Events: time.Now()}); !errors.Is(err, ErrBusy) {
		t.Errorf("beside another step, Prune returns %v", err)
	}
	if err := other.Rollback(); err != nil {
		t.Fatal(err)
	}
	if ran, err := run(); !ran || err != nil {
		t.Errorf("after the other step it runs (%t) and returns %v", ran, err)
	}
}

// TestPauses: a step takes no more than half of the time, and a canceled context ends the pause.
func TestPauses(t *testing.T) {
	url := "sqlite:" + filepath.Join(t.TempDir(), "parley.db")
	synctest.Test(t, func(t *testing.T) {
		p := open(t, url)
		begun := time.Now()
		sleep := func(*write.Tx) error { time.Sleep(100 * time.Millisecond); return nil }
		if err := p.step(t.Context(), sleep); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begun); took != 200*time.Millisecond {
			t.Errorf("a step of 100 ms and its pause take %v", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
		defer cancel()
		begun = time.Now()
		err := p.step(ctx, sleep)
		took := time.Since(begun)
		if !errors.Is(err, context.DeadlineExceeded) || took != 150*time.Millisecond {
			t.Errorf("a pause that is canceled after 50 ms ends after %v and returns %v",
				took-100*time.Millisecond, err)
		}
	})
}

// TestExaminesInParts: tables without an index are read in parts, and no row at a border is skipped.
func TestExaminesInParts(t *testing.T) {
	for name, url := range map[string]string{
		dialect.SQLite:   "sqlite:" + filepath.Join(t.TempDir(), "parley.db"),
		dialect.Postgres: storetest.MigratedPostgresURL(t),
	} {
		t.Run(name, func(t *testing.T) {
			p, ctx, id := open(t, url), t.Context(), uuid.New()
			now := time.Now().UTC().Truncate(time.Second)
			for _, user := range []string{"ann", "bob", "dan", "eve"} {
				p.db.User.Create().SetID(user).SetCreatedAt(now).ExecX(ctx)
			}
			p.db.Room.Create().SetID(id).SetName("tea").SetCreatorID("ann").SetOwnerID("ann").
				SetAccessType("PUBLIC").SetSearchText("").SetKey("k").
				SetCreatedAt(now).SetUpdatedAt(now).SetEventAt(now).ExecX(ctx)
			const recent = 5_000
			const all = 2*examinedRows + recent
			at := "$3"
			if name == dialect.Postgres {
				at = "$3::timestamptz"
			}
			for _, ended := range []struct {
				from, to int
				at       time.Time
			}{
				{1, all - recent, now.Add(-time.Hour)}, {all - recent + 1, all, now},
			} {
				err := p.writes.Tx(ctx, retry.Once, func(t *write.Tx) error {
					_, err := t.ExecContext(ctx, `WITH RECURSIVE n (i) AS (
	SELECT CAST($1 AS bigint) UNION ALL SELECT i + 1 FROM n WHERE i < CAST($2 AS bigint)
) INSERT INTO ended_memberships (room_id, user_id, reason, at) SELECT '`+id.String()+`', 'user ' || i, 'LEFT', `+at+` FROM n`,
						ended.from, ended.to, ended.at)
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			if err := p.pruneEndings(ctx, now.Add(-time.Minute)); err != nil {
				t.Fatal(err)
			}
			if n := p.db.EndedMembership.Query().CountX(ctx); n != recent {
				t.Errorf("%d records are left, want %d", n, recent)
			}

			want := map[string]int64{"ann": 2}
			seqs := []int64{1, examinedRows, examinedRows + 1, 2*examinedRows + 1, 3 * examinedRows}
			for i, seq := range seqs {
				author := []string{"ann", "ann", "bob", "eve", "dan"}[i]
				p.db.Message.Create().SetRoomID(id).SetSeq(seq).SetAuthorID(author).
					SetType("TEXT").SetContents("x").SetOrdinal(int64(i + 1)).
					SetOwnOrdinal(int64(i + 1)).SetCreatedAt(now).ExecX(ctx)
				want[author] = int64(i + 1)
			}
			delete(want, "dan") // behind upTo
			got := map[string]int64{}
			if err := nextOwn(ctx, p.db, id, 1, 3*examinedRows-1, got); err != nil {
				t.Fatal(err)
			}
			if !maps.Equal(got, want) {
				t.Errorf("the next messages are %v, want %v", got, want)
			}
		})
	}
}
