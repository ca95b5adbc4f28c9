package graph

import (
	"context"
	"slices"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"parley/graph/model"
	"parley/internal/chat"
	"parley/internal/live"
)

// maxOpenedMessages is the most messages that a StreamOpened may have.
const maxOpenedMessages = 50

// opened is a rendered StreamOpened with a snapshot of its room.
type opened struct {
	// version is the state of the snapshot: its seq is that of the StreamOpened.
	version chat.Version
	payload []byte
}

// showsSnapshot reports whether an operation selects one of the fields of a StreamOpened that show
// a snapshot of its room. events are its selections of events.
func showsSnapshot(
	op *graphql.OperationContext, events graphql.CollectedField, fields ...string,
) bool {
	types := []string{"StreamOpened", "RoomEvent"}
	selected := graphql.CollectFields(op, events.Selections, types)
	return slices.ContainsFunc(selected, func(field graphql.CollectedField) bool {
		return slices.Contains(fields, field.Name)
	})
}

// renderOpening returns a StreamOpened with a snapshot of the room for a subscription, and the seq
// at which the viewer was authorized to see it: its own, or a later one. item makes the item that
// the subscription renders of it. Subscriptions with the same key share a snapshot unless it
// depends on the viewer.
//
// The snapshot is not older than anything that the viewer was shown before.
func renderOpening[T any](
	ctx context.Context, r *Resolver, v chat.Viewer, shown subscription, room uuid.UUID,
	item func(model.RoomEvent) T,
) (first opened, authorized int64, err error) {
	now, err := r.chat.FollowVersion(ctx, v, room)
	if err != nil {
		return opened{}, 0, err
	}
	if shown.perViewer {
		first, err = takeSnapshot(ctx, r, executionOwner{user: v.ID}, shown, room, item)
	} else {
		fresh := func(o opened) bool { return o.version.AtLeast(now) }
		first, err = r.snapshots.Get(ctx, room, shown.key, fresh,
			func(ctx context.Context) (opened, int, error) {
				of := executionOwner{topic: live.Room(room)}
				taken, err := takeSnapshot(ctx, r, of, shown, room, item)
				return taken, len(taken.payload), err
			})
	}
	if err != nil {
		return opened{}, 0, err
	}
	authorized = now.Seq
	if first.version.Seq > authorized { // the viewer may have left before that
		authorized, err = r.chat.Follow(ctx, v, room)
	}
	return first, authorized, err
}

// takeSnapshot renders a StreamOpened in a transaction that reads the room at one moment.
func takeSnapshot[T any](
	ctx context.Context, r *Resolver, of executionOwner, shown subscription, room uuid.UUID,
	item func(model.RoomEvent) T,
) (taken opened, err error) {
	err = shown.executing(ctx, of, shown.opening, func(ctx context.Context) error {
		owner := of.user
		if owner == "" {
			owner = "\x00" + room.String() // no user has NUL in their id
		}
		return r.chat.Snapshot(ctx, owner, room, func(ctx context.Context, at chat.Snapshot) error {
			s := &scope{chat: at.Chat}
			s.rooms.put(room, at.Room)
			s.raiseVersion(at.Version.Profiles)
			event := &model.StreamOpened{Event: model.Event{
				RoomID: room, Seq: at.Version.Seq, At: time.Now(),
			}}
			payloads, err := responses(ctx, shown, []T{item(event)}, []eventRef{{scope: s}})
			if err == nil {
				taken = opened{at.Version, payloads[0]}
			}
			return err
		})
	})
	return taken, err
}
