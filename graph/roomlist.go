package graph

import (
	"context"

	"github.com/google/uuid"

	"parley/graph/model"
	"parley/internal/chat"
	"parley/internal/chat/read"
	"parley/internal/live"
)

// listChange is what the renderings of a change of a room for several lists share. They run one
// after the other.
type listChange struct {
	// scope loads the same for all users together.
	*scope
	// reread are the memberships as they were read after everything that the renderings show; nil
	// if they have read nothing after the memberships in the scope.
	reread map[read.ViewerKey[uuid.UUID]]*read.Membership
	// ends identify the ends of memberships, by the user. They were read after the memberships, or
	// after their first reading; nil if not yet.
	ends map[string]string
}

// listChangeOf returns what the renderings of a change share.
func (r *Resolver) listChangeOf(change *live.RoomChange) *listChange {
	shared, ok := change.Share(func() any {
		return &listChange{scope: &scope{
			chat: r.chat, peers: func(string) []string { return change.Users },
		}}
	}).(*listChange)
	if !ok {
		panic("the renderings of a change share something else than a listChange")
	}
	return shared
}

// renderList returns what renders changes of the viewer's list of rooms. The memberships are read
// before a change is rendered, to decide what it shows, and again if the rendering has read
// anything after them: a user who is not in the room any more receives REMOVED, and nothing from
// after that.
func (r *Resolver) renderList(
	ctx context.Context, shown subscription, v chat.Viewer,
) func(context.Context, *live.RoomChange) (live.Entry, error) {
	as := viewerCarrier(ctx)
	return func(ctx context.Context, change *live.RoomChange) (live.Entry, error) {
		s := r.listChangeOf(change)
		ctx = inScope(as(ctx), s.scope)
		ids := []uuid.UUID{change.Room}
		// The room is read first: what is read later is not older than its seq says.
		rooms, err := s.roomsByID(ctx, ids)
		if err != nil {
			return live.Entry{}, err
		}
		memberships, err := loadForViewer(ctx, &s.memberships, ids, r.chat.Memberships)
		if err != nil {
			return live.Entry{}, err
		}
		render := func(ctx context.Context, item *model.MyRoomsChange) (live.Entry, error) {
			of := executionOwner{user: v.ID}
			if len(change.Users) > 1 {
				of = executionOwner{topic: live.Room(change.Room)}
			}
			payloads, err := render(
				ctx, shown, of, []*model.MyRoomsChange{item}, []eventRef{{scope: s.scope}})
			if err != nil {
				return live.Entry{}, err
			}
			return live.Entry{Payload: payloads[0]}, nil
		}
		id := change.Room.String()
		if room, mine := rooms[0], memberships[0]; room != nil && mine != nil &&
			room.DeletedAt == nil {
			counting, reads := chat.CountReads(ctx)
			entry, err := render(counting, &model.MyRoomsChange{
				Kind: model.MyRoomsChangeKindChanged, RoomID: &id, Room: room,
			})
			if err != nil {
				return live.Entry{}, err
			}
			if reads() > 0 {
				if s.reread, err = r.chat.Memberships(ctx, change.Users, ids); err != nil {
					return live.Entry{}, err
				}
			}
			own := read.ViewerKey[uuid.UUID]{UserID: v.ID, Key: change.Room}
			if s.reread == nil || s.reread[own] != nil {
				entry.Listed = true
				entry.State = live.ReadState{Seq: room.Seq, Read: mine.LastReadSeq}
				return entry, nil
			}
		}
		if s.ends == nil {
			if s.ends, err = r.chat.MembershipEnds(ctx, change.Room, change.Users); err != nil {
				return live.Entry{}, err
			}
		}
		entry, err := render(ctx,
			&model.MyRoomsChange{Kind: model.MyRoomsChangeKindRemoved, RoomID: &id})
		entry.End = s.ends[v.ID]
		return entry, err
	}
}
