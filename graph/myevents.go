package graph

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"parley/graph/model"
	"parley/internal/chat"
	"parley/internal/chat/roomlog"
	"parley/internal/limit"
	"parley/internal/live"
)

const (
	// maxNamedRooms is how many rooms each argument of myEvents may name.
	maxNamedRooms = 1000
	// maxStreamRooms is how many rooms one stream of myEvents may follow. roomBytes is what each
	// takes of the memory for streams.
	maxStreamRooms = 5000
	roomBytes      = 512
)

// myEvents is a stream of the events of all rooms of a user.
type myEvents struct {
	r     *Resolver
	shown subscription
	// only are the rooms that it is restricted to; nil is no restriction.
	only []uuid.UUID

	mu sync.Mutex
	// memory is what the rooms take, until the stream is closed.
	memory limit.Reservation
	closed bool
}

// subscribeToMyEvents starts a subscription to the events of the viewer's rooms.
func (r *Resolver) subscribeToMyEvents(
	ctx context.Context, v chat.Viewer, shown subscription, arguments map[string]any,
) (live.Subscriber, error) {
	positions, nowhere, err := parsePositions(arguments)
	if err != nil {
		return nil, err
	}
	named, err := parseRooms(arguments)
	if err != nil {
		return nil, err
	}
	forgetPositions(shown.op)
	stream := &myEvents{r: r, shown: shown, memory: r.streams.Open(limit.OwnerOf(ctx, v.ID))}
	session := live.Session{
		User: v.ID, Key: shown.key, After: positions,
		Render: renderEventsAs(r, shown, func(e *roomlog.Event) (*model.MyEvent, bool) {
			event := roomEvent(e)
			return newMyEvent(e.Room, event), event != nil
		}),
		Resync: resyncs(r, shown, func(room uuid.UUID, event model.RoomEvent) *model.MyEvent {
			return newMyEvent(room, event)
		}),
		Memberships:    stream.memberships,
		Reserve:        stream.reserve,
		RenderOpenings: stream.opened,
		OpenSingly:     stream.showsSnapshots(),
		RenderReady:    stream.ready,
		RenderEndings:  stream.ended,
	}
	if named != nil {
		session.Only, nowhere = stream.restrict(named)
	}
	if len(nowhere) > 0 {
		ends := mapSlice(nowhere, func(id string) *model.MyEvent {
			return newMyEventEnd(id, model.RoomEndReasonNotFound)
		})
		if session.First, err = stream.render(ctx, ends); err != nil {
			return nil, err
		}
	}
	if shown.perViewer {
		session.Render = renderAs(ctx, session.Render)
		session.Follow = func(room uuid.UUID) { r.viewers.add(live.Room(room), v.ID) }
		session.Unfollow = func(room uuid.UUID) { r.viewers.remove(live.Room(room), v.ID) }
	}
	started, err := r.live.SubscribeSession(ctx, session)
	if err != nil {
		stream.release()
		return nil, err
	}
	return &subscriber{Subscriber: started, r: r, leave: stream.release}, nil
}

// newMyEvent is an item of myEvents with an event of a room.
func newMyEvent(room uuid.UUID, event model.RoomEvent) *model.MyEvent {
	id := room.String()
	return &model.MyEvent{Kind: model.MyEventKindEvent, RoomID: &id, Event: event}
}

// newMyEventEnd is the item of myEvents that ends a room.
func newMyEventEnd(room string, reason model.RoomEndReason) *model.MyEvent {
	return &model.MyEvent{Kind: model.MyEventKindEnded, RoomID: &room, Reason: &reason}
}

// restrict restricts the stream to rooms. It returns them, and the ids that are those of no room.
func (s *myEvents) restrict(named []string) (only map[uuid.UUID]struct{}, nowhere []string) {
	only, s.only = make(map[uuid.UUID]struct{}, len(named)), []uuid.UUID{}
	for _, id := range named {
		if room := model.ParseUUID(id); room != uuid.Nil {
			only[room], s.only = struct{}{}, append(s.only, room)
		} else {
			nowhere = append(nowhere, id)
		}
	}
	return only, nowhere
}

// memberships authorizes the viewer to follow their rooms.
func (s *myEvents) memberships(ctx context.Context) (map[uuid.UUID]live.Membership, error) {
	v, err := viewer(ctx)
	if err != nil {
		return nil, err
	}
	found, err := s.r.chat.FollowAll(ctx, v, s.only, maxStreamRooms+1)
	if err != nil {
		return nil, err
	}
	memberships := make(map[uuid.UUID]live.Membership, len(found))
	for room, followed := range found {
		memberships[room] = live.Membership(followed)
	}
	return memberships, nil
}

// reserve claims the memory of so many rooms.
func (s *myEvents) reserve(rooms int) error {
	if rooms > maxStreamRooms {
		return badInput("rooms", fmt.Sprintf(
			"You are in more than %d rooms. Name those that you need in rooms.", maxStreamRooms,
		))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return context.Canceled
	}
	switch err := s.memory.Grow(int64(rooms)*roomBytes - s.memory.Bytes()); {
	case errors.Is(err, limit.ErrQuotaExceeded):
		return &chat.Error{
			Code:    chat.RateLimited,
			Message: "Your streams follow too many rooms. End one of them first.",
		}
	case err != nil:
		return &chat.Error{
			Code:    chat.Unavailable,
			Message: "The server follows too many rooms at the moment. Try again.",
		}
	}
	return nil
}

// release releases the memory of the rooms.
func (s *myEvents) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.memory.Release()
}

// opened renders what begins rooms. The payload of a room is nil if the viewer has left it
// meanwhile.
func (s *myEvents) opened(ctx context.Context, rooms []live.Opening) ([][]byte, error) {
	if s.showsSnapshots() {
		return s.snapshots(ctx, rooms)
	}
	return s.render(ctx, mapSlice(rooms, func(o live.Opening) *model.MyEvent {
		if o.Resync {
			return newMyEvent(o.Room, newResync(o.Room, o.Head))
		}
		return newMyEvent(o.Room, newStreamOpened(o.Room, o.Head))
	}))
}

// showsSnapshots reports whether the stream selects snapshots of its rooms, each of which takes a
// transaction: with their messages. The rooms alone are read together, at their seqs or later.
func (s *myEvents) showsSnapshots() bool {
	op := s.shown.op
	fields := graphql.CollectFields(op, s.shown.root.Selections, []string{"MyEvent"})
	return slices.ContainsFunc(fields, func(field graphql.CollectedField) bool {
		return field.Name == "event" && showsSnapshot(op, field, "messages")
	})
}

// snapshots is opened with a snapshot of each room.
func (s *myEvents) snapshots(ctx context.Context, rooms []live.Opening) ([][]byte, error) {
	v, err := viewer(ctx)
	if err != nil {
		return nil, err
	}
	payloads := make([][]byte, len(rooms))
	for i, o := range rooms {
		if o.Resync {
			item := []*model.MyEvent{newMyEvent(o.Room, newResync(o.Room, o.Head))}
			resync, err := s.render(ctx, item)
			if err != nil {
				return nil, err
			}
			payloads[i] = resync[0]
			continue
		}
		snapshot, _, err := renderOpening(ctx, s.r, v, s.shown, o.Room,
			func(event model.RoomEvent) *model.MyEvent { return newMyEvent(o.Room, event) })
		if _, ended := endReason(err); !ended {
			return nil, err
		}
		payloads[i] = snapshot.payload
	}
	return payloads, nil
}

// ready renders that all rooms are open.
func (s *myEvents) ready(ctx context.Context) ([][]byte, error) {
	return s.render(ctx, []*model.MyEvent{{Kind: model.MyEventKindReady}})
}

// ended renders what ends rooms. It returns a cause that is not the end of a membership.
func (s *myEvents) ended(ctx context.Context, endings []live.Ending) ([][]byte, error) {
	v, err := viewer(ctx)
	if err != nil {
		return nil, err
	}
	reasons := make(map[uuid.UUID]string)
	var unknown []uuid.UUID
	for _, e := range endings {
		reason, ended := endReason(e.Cause)
		switch {
		case !ended:
			return nil, e.Cause
		case reason == "":
			unknown = append(unknown, e.Room)
		}
		reasons[e.Room] = reason
	}
	if len(unknown) > 0 {
		found, err := s.r.chat.MembershipEndings(ctx, v, unknown)
		if err != nil {
			return nil, err
		}
		maps.Copy(reasons, found)
	}
	return s.render(ctx, mapSlice(endings, func(e live.Ending) *model.MyEvent {
		reason := model.RoomEndReasonNotFound
		switch found := reasons[e.Room]; found {
		case "":
		case roomlog.ReasonDeleted:
			reason = model.RoomEndReasonRoomDeleted
		default: // the reasons of a MEMBER_LEFT event have the same names
			reason = model.RoomEndReason(found)
		}
		return newMyEventEnd(e.Room.String(), reason)
	}))
}

// endReason returns why an error ends a membership: "" if the error does not say it. ended is false
// if it is another error.
func endReason(cause error) (reason string, ended bool) {
	if cause == nil {
		return "", true
	}
	switch e := chat.AsError(cause); e.Code {
	case chat.MembershipEnded:
		return e.Reason, true
	case chat.NotFound, chat.Forbidden, chat.Banned: // the viewer may not follow the room any more
		return "", true
	default:
		return "", false
	}
}

func (s *myEvents) render(ctx context.Context, items []*model.MyEvent) ([][]byte, error) {
	v, err := viewer(ctx)
	if err != nil {
		return nil, err
	}
	return render(ctx, s.shown, executionOwner{user: v.ID}, items, nil)
}

// parsePositions returns the positions that myEvents continues from, and the ids among them that
// are those of no room.
func parsePositions(
	arguments map[string]any,
) (positions map[uuid.UUID]int64, nowhere []string, err error) {
	list, err := listArgument(arguments, "after")
	if err != nil || list == nil {
		return nil, nil, err
	}
	positions, seen := make(map[uuid.UUID]int64, len(list)), make(map[string]struct{}, len(list))
	for _, value := range list {
		position, ok := value.(map[string]any)
		if !ok {
			return nil, nil, badInput("after", "after is a list of positions.")
		}
		id, err := graphql.UnmarshalID(position["roomId"])
		if err != nil {
			return nil, nil, badInput("after", "The roomId of a position is an id.")
		}
		seq, err := model.UnmarshalInt64(position["seq"])
		if err != nil {
			return nil, nil, err
		}
		if seq < 0 {
			return nil, nil, badInput("after", "The seq of a position must not be negative.")
		}
		if _, repeated := seen[id]; repeated {
			return nil, nil, badInput("after", fmt.Sprintf("after names room %s twice.", id))
		}
		seen[id] = struct{}{}
		if room := model.ParseUUID(id); room != uuid.Nil {
			positions[room] = seq
		} else {
			nowhere = append(nowhere, id)
		}
	}
	return positions, nowhere, nil
}

// parseRooms returns the rooms that myEvents is restricted to; nil if it is not.
func parseRooms(arguments map[string]any) ([]string, error) {
	list, err := listArgument(arguments, "rooms")
	if err != nil || list == nil {
		return nil, err
	}
	named, seen := make([]string, len(list)), make(map[string]struct{}, len(list))
	for i, value := range list {
		if named[i], err = graphql.UnmarshalID(value); err != nil {
			return nil, badInput("rooms", "rooms is a list of ids.")
		}
		if _, repeated := seen[named[i]]; repeated {
			return nil, badInput("rooms", fmt.Sprintf("rooms names %s twice.", named[i]))
		}
		seen[named[i]] = struct{}{}
	}
	return named, nil
}

// listArgument returns an argument that names rooms; nil if it is not given. A single value is a
// list of one.
func listArgument(arguments map[string]any, name string) ([]any, error) {
	value := arguments[name]
	if value == nil {
		return nil, nil
	}
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	if len(list) > maxNamedRooms {
		return nil, badInput(name, fmt.Sprintf(
			"%s names %d rooms; at most %d are allowed.", name, len(list), maxNamedRooms,
		))
	}
	return list, nil
}

// forgetPositions removes the variables from an operation that are only its root field's positions:
// they may be large, and the operation stays in memory as long as the subscription.
func forgetPositions(op *graphql.OperationContext) {
	_, op.Variables = withoutPositions(op)
}
