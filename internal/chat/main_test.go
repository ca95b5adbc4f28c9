package chat

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"

	"entgo.io/ent/dialect"

	"parley/ent"
	"parley/internal/broker"
	"parley/internal/chat/profiles"
	"parley/internal/chat/write"
	"parley/internal/panics"
	"parley/internal/store"
	"parley/internal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// onEachDatabase runs test on both databases, with the URL of an empty one.
func onEachDatabase(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Run(dialect.SQLite, func(t *testing.T) {
		t.Parallel()
		test(t, "sqlite:"+filepath.Join(t.TempDir(), "parley.db"))
	})
	t.Run(dialect.Postgres, func(t *testing.T) {
		t.Parallel()
		test(t, storetest.MigratedPostgresURL(t))
	})
}

// newNode returns the domain of a new node on a database.
func newNode(t *testing.T, url string) *Chat {
	t.Helper()
	c, _ := publishingNode(t, url, nil, publishing(func([]broker.ProfileChange) {}))
	return c
}

// publishingNode is [newNode] with a publisher, and an observer that, unless nil, receives each
// statement. It also returns the node's cache of users.
func publishingNode(
	t *testing.T, url string, observe func(context.Context, string), publisher write.Publisher,
) (*Chat, *profiles.Users) {
	t.Helper()
	logger := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	db, err := store.Open(t.Context(), url, store.Options{Logger: logger, Observe: observe})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	users := profiles.NewUsers(db.Dialect(), nil)
	c, err := New(
		ent.NewClient(ent.Driver(db.Driver())), users, publisher,
		Options{Dialect: db.Dialect(), Searches: 4, Panics: panics.NewGuard(logger)},
	)
	if err != nil {
		t.Fatal(err)
	}
	return c, users
}
