package write_test

import (
	"math/rand/v2"
	"testing"

	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/member"
	"parley/ent/message"
	"parley/internal/chat/retry"
	"parley/internal/chat/write"
)

// TestMarkReadCounts compares what a member has read with a count of the messages, in rooms that the
// member has joined at any time, with marks anywhere.
func TestMarkReadCounts(t *testing.T) {
	onEach(t, func(t *testing.T, client *ent.Client, db *write.DB, _ *published, _ string) {
		ctx := t.Context()
		at, random := write.Now(), rand.New(rand.NewPCG(1, 2))
		for _, user := range []string{"ann", "bob"} {
			client.User.Create().SetID(user).SetCreatedAt(at).ExecX(ctx)
		}
		for range 30 {
			const length = 40
			id, joined, share := uuid.New(), int64(random.IntN(length)), random.Float64()
			room := client.Room.Create().SetID(id).SetName("tea").SetCreatorID("ann").
				SetOwnerID("ann").SetAccessType("PUBLIC").SetSearchText("").SetKey("k").
				SetCreatedAt(at).SetUpdatedAt(at).SetEventAt(at).SaveX(ctx)
			var ordinal, own, baseline int64
			var all []*ent.MessageCreate
			for seq := int64(1); seq <= length; seq++ {
				if seq == joined+1 { // bob returns, and counts his messages from 1 again
					own, baseline = 0, ordinal
					continue
				}
				author, ownOrdinal := "ann", int64(0)
				if random.Float64() < share {
					own++
					author, ownOrdinal = "bob", own
				}
				ordinal++
				room.LatestSeq, room.Seq = seq, seq
				all = append(all, client.Message.Create().SetRoomID(id).SetSeq(seq).
					SetAuthorID(author).SetType(message.TypeTEXT).SetContents("x").
					SetOrdinal(ordinal).SetOwnOrdinal(ownOrdinal).SetCreatedAt(at))
			}
			messages := client.Message.CreateBulk(all...).SaveX(ctx)
			client.Member.Create().SetID(uuid.New()).SetRoomID(id).SetUserID("bob").
				SetRole(member.RoleMEMBER).SetJoinedAt(at).SetJoinedSeq(joined).
				SetOthersRead(baseline).SetOwnSent(own).ExecX(ctx)
			for mark := int64(0); mark < length+5; mark += int64(random.IntN(12)) {
				m := client.Member.Query().Where(member.RoomID(id)).OnlyX(ctx)
				if err := db.Tx(ctx, retry.Once, func(t *write.Tx) error {
					return t.MarkRead(ctx, room, m, mark)
				}); err != nil {
					t.Fatal(err)
				}
				var read, last int64
				for _, m := range messages {
					if m.Seq > mark {
						break
					}
					last = m.Seq
					if m.Seq <= joined || m.AuthorID != "bob" {
						read++
					}
				}
				m = client.Member.Query().Where(member.RoomID(id)).OnlyX(ctx)
				if want := max(read, baseline); m.OthersRead != want || m.LastReadSeq != last {
					t.Fatalf("joined at %d, marked to %d: %d read up to %d, want %d up to %d",
						joined, mark, m.OthersRead, m.LastReadSeq, want, last)
				}
			}
		}
	})
}
