//go:build unix

package store_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"parley/internal/store"
	"parley/internal/store/storetest"
)

// TestSeveralHosts: the node uses the primary of several servers, and after a promotion the new one. It
// does not use the former primary again, even if no other server is reachable.
func TestSeveralHosts(t *testing.T) {
	t.Parallel()
	primary := storetest.NewPrimary(t)
	standby := primary.Standby("standby")
	quiet := store.Options{Logger: slog.New(slog.DiscardHandler)}

	_, err := store.Open(t.Context(), standby.URL(), quiet)
	if !store.IsUnusable(err) || !strings.Contains(err.Error(), "standby") {
		t.Errorf("a standby alone: %v", err)
	}
	db, err := store.Open(t.Context(), standby.URL(primary), quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	moved := 0
	db.OnMove(func() { moved++ })
	first := db.Timeline()
	if !strings.HasSuffix(first, "/1") || db.Generation() != 0 {
		t.Errorf("the timeline is %q, the generation %d", first, db.Generation())
	}

	primary.Kill()
	_, err = store.Open(t.Context(), primary.URL(standby), quiet)
	for _, reason := range []string{
		primary.Address + ": dial tcp", standby.Address + ": not the primary: the server is a standby",
	} {
		if err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("the error does not say %q: %v", reason, err)
		}
	}
	if !store.IsUnavailable(err) || store.IsUnusable(err) {
		t.Errorf("before the promotion the database is available: %v", err)
	}
	standby.Promote()
	ping(t, db)
	if now := db.Timeline(); now != strings.TrimSuffix(first, "1")+"2" {
		t.Errorf("after the promotion the timeline is %q", now)
	}
	if db.Generation() != 1 || moved != 1 {
		t.Errorf("the generation is %d, and %d moves were reported", db.Generation(), moved)
	}

	standby.Kill()
	primary.Restart()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	for ctx.Err() == nil {
		if err = db.Ping(ctx); err == nil {
			t.Fatal("the former primary is used again")
		}
		if strings.Contains(err.Error(), "moved to 2") {
			break
		}
	}
	if !store.IsUnavailable(err) || !strings.Contains(err.Error(), "timeline 1") {
		t.Errorf("the former primary is refused: %v", err)
	}
	standby.Restart()
	ping(t, db)
	if db.Generation() != 1 {
		t.Errorf("a restart of the primary begins generation %d", db.Generation())
	}
}

// ping waits until the database responds.
func ping(t *testing.T, db *store.DB) {
	t.Helper()
	var err error
	for range 100 {
		if err = db.Ping(t.Context()); err == nil {
			return
		}
		<-time.After(50 * time.Millisecond)
	}
	t.Fatal(err)
}
