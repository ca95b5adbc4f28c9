package chat

import (
	"context"
	"fmt"
	"time"

	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/sqlgraph"
	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/ban"
	"parley/internal/chat/policy"
	"parley/internal/chat/retry"
	"parley/internal/store"
)

// ban keeps somebody out of the room. Who is banned already stays so.
func (h *held) ban(ctx context.Context, actor Viewer, userID string) error {
	banned, err := inserted(
		h.tx.Ban.Create().SetRoomID(h.ID).SetUserID(userID).SetActorID(actor.ID).SetAt(h.at).
			OnConflictColumns(ban.FieldRoomID, ban.FieldUserID).DoNothing().Exec(ctx),
	)
	if err != nil {
		return fmt.Errorf("ban %q from room %s: %w", userID, h.ID, err)
	}
	if banned {
		h.Rules++
	}
	return nil
}

// Unban lets somebody come in again as others may, and returns the room and them. Who is not banned
// stays so.
func (c *Chat) Unban(
	ctx context.Context,
	v Viewer,
	roomID uuid.UUID,
	userID string,
) (*ent.Room, *ent.User, error) {
	if err := checkID("userId", userID); err != nil {
		return nil, nil, err
	}
	var r *ent.Room
	err := c.tx(ctx, retry.Idempotent, func(t *tx) error {
		h, _, err := t.authorize(ctx, v, roomID, policy.Unban)
		if err != nil {
			return err
		}
		r = h.Room
		if err := t.checkExist(ctx, []string{userID}); err != nil {
			return err
		}
		_, err = t.Ban.Delete().Where(ban.RoomID(roomID), ban.UserID(userID)).Exec(ctx)
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("unban %q from room %s: %w", userID, roomID, err)
	}
	u, err := c.User(ctx, userID)
	if err != nil {
		return nil, nil, err
	}
	return r, u, nil
}

// Place is a place in a list that is ordered by an instant and then by the number of the row.
type Place struct {
	At time.Time
	ID int
}

// MaySeeBans tells whether the viewer may see who is banned from a room, by their membership of it;
// nil: they have none.
func (c *Chat) MaySeeBans(r *ent.Room, m *Membership) bool { return may(policy.SeeBans, r, m) }

// Bans returns, of each room given, who is banned from it, those banned longest first: first of
// them each, after a place if one is given. All of it in one statement. The viewer must be allowed
// to see them: see [Chat.MaySeeBans].
func (c *Chat) Bans(
	ctx context.Context,
	rooms []uuid.UUID,
	first int,
	after *Place,
) (map[uuid.UUID]Page[*ent.Ban], error) {
	if err := CheckFirst(first); err != nil {
		return nil, err
	}
	q := c.db.Ban.Query().Where(ban.RoomIDIn(store.Padded(rooms)...))
	if after != nil {
		q.Where(func(s *entsql.Selector) {
			s.Where(
				entsql.CompositeGT(
					[]string{s.C(ban.FieldAt), s.C(ban.FieldID)},
					after.At,
					after.ID,
				),
			)
		})
	}
	if len(rooms) == 1 {
		q.Limit(first + 1)
	} else {
		// In Modify and not in Where: it must come behind the condition on the rooms, which it
		// wraps.
		q.Modify(
			sqlgraph.LimitNeighbors(
				ban.FieldRoomID,
				first+1,
				entsql.Expr(ban.FieldAt),
				entsql.Expr(ban.FieldID),
			),
		)
	}
	found, err := q.Order(ban.ByAt(), ban.ByID()).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("list who is banned from %d rooms: %w", len(rooms), err)
	}
	lists := make(map[uuid.UUID][]*ent.Ban, len(rooms))
	for _, b := range found {
		lists[b.RoomID] = append(lists[b.RoomID], b)
	}
	pages := make(map[uuid.UUID]Page[*ent.Ban], len(lists))
	for id, list := range lists {
		pages[id] = page(list, first)
	}
	return pages, nil
}
