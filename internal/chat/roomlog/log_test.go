package roomlog_test

import (
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/roomevent"
	"parley/internal/chat/roomlog"
	"parley/internal/store"
	"parley/internal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// TestReadStopsAtHoles: a reader gets the events up to one that is missing, and finds out that a
// log was pruned.
func TestReadStopsAtHoles(t *testing.T) {
	for name, url := range map[string]string{
		dialect.SQLite:   "sqlite:" + filepath.Join(t.TempDir(), "parley.db"),
		dialect.Postgres: storetest.MigratedPostgresURL(t),
	} {
		t.Run(name, func(t *testing.T) {
			db, err := store.Open(
				t.Context(),
				url,
				store.Options{Logger: slog.New(slog.DiscardHandler)},
			)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			client := ent.NewClient(ent.Driver(db.Driver()))
			log, ctx, id, at := roomlog.New(
				client,
				db.Dialect(),
			), t.Context(), uuid.New(), time.Now()
			client.User.Create().SetID("ann").SetCreatedAt(at).ExecX(ctx)
			client.Room.Create().SetID(id).SetName("tea").SetCreatorID("ann").SetOwnerID("ann").
				SetAccessType("PUBLIC").SetSearchText("").SetKey("k").SetSeq(5).SetLogStart(1).
				SetCreatedAt(at).SetUpdatedAt(at).SetEventAt(at).ExecX(ctx)
			for _, seq := range []int64{2, 3, 5} {
				client.RoomEvent.Create().SetRoomID(id).SetSeq(seq).SetActorID("ann").SetAt(at).
					SetKind(roomevent.KindROOM_UPDATED).ExecX(ctx)
			}
			for _, test := range []struct {
				after  int64
				limit  int
				want   int
				pruned bool
			}{{0, 10, 0, true}, {1, 10, 2, false}, {1, 1, 1, false}, {3, 10, 0, false}, {4, 10, 1, false}} {
				events, pruned, err := log.Read(ctx, id, test.after, test.limit)
				if err != nil || len(events) != test.want || pruned != test.pruned {
					t.Errorf("after %d: %d events, pruned %t (%v), want %d, %t",
						test.after, len(events), pruned, err, test.want, test.pruned)
				}
				for i, e := range events {
					if e.Seq != test.after+1+int64(i) || e.RoomState().ID != id {
						t.Errorf("after %d: event %d is %+v", test.after, i, e)
					}
				}
			}
		})
	}
}
