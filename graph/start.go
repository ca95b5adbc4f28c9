package graph

import (
	"context"
	"strconv"

	"github.com/google/uuid"

	"parley/graph/model"
	"parley/internal/chat"
	"parley/internal/live"
)

// startPosition is where a subscription to a room's log begins: behind after if that is given.
type startPosition struct {
	room     uuid.UUID
	after    int64
	hasAfter bool
}

// parseStart returns the start that the arguments of a field name.
func parseStart(shown subscription, arguments map[string]any) (s startPosition, err error) {
	if s.after, s.hasAfter, err = shown.after(arguments); err != nil {
		return s, err
	}
	s.room, err = model.UnmarshalUUID(arguments["roomId"])
	return s, err
}

// explainRefusal returns why the viewer may not follow the room of a subscription. A client that
// continues has followed it before: if the viewer was in the room, the error says how the
// membership has ended.
func (r *Resolver) explainRefusal(
	ctx context.Context,
	v chat.Viewer,
	from startPosition,
	err error,
) error {
	if !from.hasAfter {
		return err
	}
	return r.chat.EndedOr(ctx, v, from.room, err)
}

// subscriptionAt returns the subscription that begins at s when the newest event is that at seq,
// and whether s is ahead of it.
func (s startPosition) subscriptionAt(seq int64) (sub live.Subscription, ahead bool) {
	ahead = s.hasAfter && s.after > seq
	if !s.hasAfter || ahead {
		s.after = seq
	}
	return live.Subscription{Topic: live.Room(s.room), After: s.after}, ahead
}

// after returns the seq that a subscription continues from, if it is given.
func (s subscription) after(arguments map[string]any) (after int64, given bool, err error) {
	if s.lastEventID != "" {
		after, err := strconv.ParseUint(s.lastEventID, 10, 63)
		if err != nil {
			return 0, false, badInput(
				"Last-Event-ID", "Last-Event-ID must be the id of an event of this subscription.")
		}
		return int64(after), true, nil
	}
	value := arguments["after"]
	if value == nil {
		return 0, false, nil
	}
	if after, err = model.UnmarshalInt64(value); err != nil {
		return 0, false, err
	}
	if after < 0 {
		return 0, false, badInput("after", "after must not be negative.")
	}
	return after, true, nil
}
