package graph

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/roomevent"
	"parley/graph/model"
	"parley/internal/chat"
	"parley/internal/chat/roomlog"
	"parley/internal/live"
)

// scatterPayloads renders items and puts their payloads in their places among n.
func scatterPayloads[T any](
	ctx context.Context,
	shown subscription,
	of executionOwner,
	items []T,
	refs []eventRef,
	places []int,
	n int,
) ([][]byte, error) {
	payloads := make([][]byte, n)
	if len(items) == 0 {
		return payloads, nil
	}
	rendered, err := render(ctx, shown, of, items, refs)
	if err != nil {
		return nil, err
	}
	for i, place := range places {
		payloads[place] = rendered[i]
	}
	return payloads, nil
}

func logEvent(e live.Event) (*roomlog.Event, error) {
	event, ok := e.(*roomlog.Event)
	if !ok {
		return nil, fmt.Errorf("the log has an event that is a %T", e)
	}
	return event, nil
}

// renderMessages renders the messages among events.
func (r *Resolver) renderMessages(shown subscription) live.Render {
	return renderEventsAs(r, shown, func(e *roomlog.Event) (*ent.Message, bool) {
		return e.Message, e.Kind == roomlog.KindMessageAdded
	})
}

// renderEvents renders all events that the schema has.
func (r *Resolver) renderEvents(shown subscription) live.Render {
	return renderEventsAs(r, shown, func(e *roomlog.Event) (model.RoomEvent, bool) {
		event := roomEvent(e)
		return event, event != nil
	})
}

// renderEventsAs renders what show returns for the events that it selects; the others' payloads are
// nil.
func renderEventsAs[T any](
	r *Resolver,
	shown subscription,
	show func(*roomlog.Event) (T, bool),
) live.Render {
	return func(
		ctx context.Context, owner string, events []live.Event,
	) ([][]byte, live.ReadSet, error) {
		var room live.Topic
		var items []T
		var refs []eventRef
		var places []int
		for i, event := range events {
			e, err := logEvent(event)
			if err != nil {
				return nil, live.ReadNothing, err
			}
			if item, wanted := show(e); wanted {
				items, places = append(items, item), append(places, i)
				refs = append(refs, eventRef{e.Seq, r.newEventScope(e)})
				room = live.Room(e.Room)
			}
		}
		ctx, reads := chat.CountReads(ctx)
		payloads, err := scatterPayloads(
			ctx,
			shown,
			executionOwner{owner, room},
			items,
			refs,
			places,
			len(events),
		)
		return payloads, readSet(reads(), refs), err
	}
}

// readSet returns what a rendering of events has read: so much itself, or what the renderings of
// the same events share.
func readSet(own int64, sources []eventRef) live.ReadSet {
	if own > 0 {
		return live.ReadOwn
	}
	reads := live.ReadNothing
	for _, e := range sources {
		loads, settled := e.scope.loadCount()
		if !settled {
			return live.ReadOwn
		}
		reads += live.ReadSet(loads) // none of them ever falls: an equal sum has equal terms
	}
	return reads
}

// newStreamOpened is the first event of a subscription to a room's events.
func newStreamOpened(room uuid.UUID, seq int64) model.RoomEvent {
	return &model.StreamOpened{Event: model.Event{RoomID: room, Seq: seq, At: time.Now()}}
}

// newResync says that a subscription to a room's events continues from seq.
func newResync(room uuid.UUID, seq int64) model.RoomEvent {
	return &model.Resync{Event: model.Event{RoomID: room, Seq: seq, At: time.Now()}}
}

// roomEvent returns the GraphQL event of an entry of the log. A kind of a newer version of the program,
// whose node runs during a rolling upgrade, is nil. The linter exhaustive and TestEveryKindIsShown find
// kinds of this version that are missing.
func roomEvent(e *roomlog.Event) model.RoomEvent {
	event := model.Event{RoomID: e.Room, Seq: e.Seq, At: e.At}
	switch e.Kind {
	case roomlog.KindMessageAdded:
		return &model.MessageAdded{Event: event, Message: e.Message}
	case roomevent.KindMESSAGE_EDITED:
		return &model.MessageEdited{Event: event, Message: e.Message}
	case roomevent.KindMESSAGE_DELETED:
		return &model.MessageDeleted{Event: event, Message: e.Message}
	case roomevent.KindREACTIONS_CHANGED:
		return &model.ReactionsChanged{
			Event:   event,
			Message: e.Message,
			UserID:  e.Subject,
			Emoji:   e.Emoji,
			On:      e.On,
		}
	case roomevent.KindMEMBER_JOINED:
		return &model.MemberJoined{Event: event, UserID: e.Subject, Role: e.Role}
	case roomevent.KindMEMBER_LEFT:
		return &model.MemberLeft{Event: event, UserID: e.Subject, Reason: e.Reason}
	case roomevent.KindMEMBER_ROLE_CHANGED:
		return &model.MemberRoleChanged{Event: event, UserID: e.Subject, Role: e.Role}
	case roomevent.KindROOM_UPDATED:
		return &model.RoomUpdated{Event: event}
	case roomevent.KindROOM_DELETED:
		return &model.RoomDeleted{Event: event}
	}
	return nil
}
