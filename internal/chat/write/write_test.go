package write_test

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"path/filepath"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/roomevent"
	"parley/internal/broker"
	"parley/internal/chat/profiles"
	"parley/internal/chat/retry"
	"parley/internal/chat/roomlog"
	"parley/internal/chat/write"
	"parley/internal/panics"
	"parley/internal/store"
	"parley/internal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// published has the publications of a test.
type published []broker.Publication

func (p *published) Publish(one broker.Publication) { *p = append(*p, one) }
func (*published) Follows(uuid.UUID) bool           { return true }

// onEach runs a test on both databases, with what it publishes and ent's name of the dialect.
func onEach(
	t *testing.T, test func(*testing.T, *ent.Client, *write.DB, *published, string),
) {
	t.Helper()
	for name, url := range map[string]string{
		dialect.SQLite:   "sqlite:" + filepath.Join(t.TempDir(), "parley.db"),
		dialect.Postgres: storetest.MigratedPostgresURL(t),
	} {
		t.Run(name, func(t *testing.T) {
			quiet := slog.New(slog.DiscardHandler)
			opened, err := store.Open(t.Context(), url, store.Options{Logger: quiet})
			if err != nil {
				t.Fatal(err)
			}
			defer opened.Close()
			client, got := ent.NewClient(ent.Driver(opened.Driver())), new(published)
			db := write.New(client, name, profiles.NewUsers(name, nil),
				got, write.Unchanging{}, panics.NewGuard(quiet))
			test(t, client, db, got, name)
		})
	}
}

// TestOnlyCommitsArePublished: a transaction publishes the events of the rooms that it has saved, after
// its commit, and nothing if it fails.
func TestOnlyCommitsArePublished(t *testing.T) {
	onEach(t, func(t *testing.T, client *ent.Client, db *write.DB, got *published, name string) {
		ctx := t.Context()
		at, id := write.Now(), uuid.New()
		client.User.Create().SetID("ann").SetCreatedAt(at).ExecX(ctx)
		client.Room.Create().SetID(id).SetName("tea").SetCreatorID("ann").SetOwnerID("ann").
			SetAccessType("PUBLIC").
			SetSearchText("").SetKey("k").SetMaxUsers(1).SetMemberCount(1).
			SetTimeline(math.MaxInt64). // it skips no seqs
			SetCreatedAt(at).SetUpdatedAt(at).SetEventAt(at).ExecX(ctx)
		update := func(id uuid.UUID, change func(*write.Room)) error {
			return db.Tx(ctx, retry.Once, func(t *write.Tx) error {
				room, err := t.Lock(ctx, id)
				if err != nil {
					return err
				}
				change(room)
				return room.LogUpdate(ctx, "ann")
			})
		}
		for _, test := range []struct {
			id     uuid.UUID
			change func(*write.Room)
			want   error
		}{
			{uuid.New(), nil, write.ErrNoRoom},
			{id, func(r *write.Room) { r.MemberCount = 2 }, write.ErrRoomFull},
			{id, func(*write.Room) {}, nil},
		} {
			if err := update(test.id, test.change); !errors.Is(err, test.want) {
				t.Errorf("%v, want %v", err, test.want)
			}
		}
		err := db.Tx(ctx, retry.Once, func(t *write.Tx) error {
			room, err := t.Lock(ctx, id)
			if err == nil {
				err = room.LogUpdate(ctx, "ann")
			}
			return errors.Join(err, context.Canceled)
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("a transaction that fails: %v", err)
		}
		if len(*got) != 1 || (*got)[0].Room != id || (*got)[0].Seq != 1 {
			t.Fatalf("published %+v", *got)
		}
		events, err := roomlog.Decode(id, (*got)[0].Commit)
		if err != nil || len(events) != 1 || events[0].Kind != roomevent.KindROOM_UPDATED {
			t.Errorf("the commit has %+v (%v)", events, err)
		}
		log, _, err := roomlog.New(client, name).Read(ctx, id, 0, 10)
		if err != nil || len(log) != 1 {
			t.Errorf("the log has %d events (%v)", len(log), err)
		}
	})
}
