package testkit

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"testing"

	"entgo.io/ent/dialect"

	"parley/ent"
	"parley/internal/store"
)

// EachSeeded is [Each] for tests that write rows into the database beside the server, which no
// operation makes.
func EachSeeded(t *testing.T, test func(t *testing.T, s *Server, db *ent.Client), opts ...Option) {
	t.Helper()
	for _, name := range []string{dialect.SQLite, dialect.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := "sqlite:" + filepath.Join(t.TempDir(), "parley.db")
			if name == dialect.Postgres {
				url = MigratedPostgresURL(t)
			}
			s := StartOn(t, url, opts...)
			test(t, s, s.Ent())
		})
	}
}

// Ent returns a client on the server's database, which must not be a private one
// ("sqlite::memory:").
func (s *Server) Ent() *ent.Client {
	s.t.Helper()
	return Ent(s.t, s.DatabaseURL)
}

// Ent returns a client on the database that url names, beside a server. It closes with the test.
func Ent(t testing.TB, url string) *ent.Client {
	t.Helper()
	db := openDatabase(t, url)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return ent.NewClient(ent.Driver(db.Driver()))
}

func openDatabase(t testing.TB, url string) *store.DB {
	t.Helper()
	db, err := store.Open(
		context.Background(),
		url,
		store.Options{Logger: slog.New(slog.DiscardHandler)},
	)
	if err != nil {
		t.Fatalf("open the server's database: %v", err)
	}
	return db
}

// StartWithoutDeadlocks returns a server on a new PostgreSQL database, and fails the test at its
// end if transactions have waited for each other there, which the server hides by running them
// again.
func StartWithoutDeadlocks(t testing.TB) *Server {
	t.Helper()
	url := MigratedPostgresURL(t)
	t.Cleanup(
		func() { // the server's connections have ended by then, and have told what they counted
			db := openDatabase(t, url)
			defer db.Close()
			client := ent.NewClient(ent.Driver(db.Driver()))
			rows, err := client.QueryContext(
				context.Background(),
				`SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`,
			)
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			deadlocks := -1
			if rows.Next() {
				err = rows.Scan(&deadlocks)
			}
			if err := errors.Join(err, rows.Err()); err != nil || deadlocks != 0 {
				t.Errorf("there were %d deadlocks (%v)", deadlocks, err)
			}
		},
	)
	return StartOn(t, url)
}
