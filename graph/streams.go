package graph

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"parley/ent"
	"parley/ent/roomevent"
	"parley/graph/model"
	"parley/internal/chat"
	"parley/internal/live"
	"parley/internal/panics"
	"parley/internal/reqid"
)

// stream is a running subscription. Except for close it is for one goroutine.
type stream interface {
	// next waits for what comes next, and returns the results of it, if any: whole responses in
	// JSON. An error ends the stream.
	next(ctx context.Context) ([][]byte, error)
	// park has results handed to taker as they come, instead of waiting for them with next. It
	// returns false where it cannot, or there may be something to be had from next at once.
	park(taker Taker) bool
	// await waits, where park has returned false, until next need not wait, and returns true, or
	// until park may not return false any more.
	await(ctx context.Context) bool
	// close ends it.
	close()
}

// createdStream sends each room that comes into being at a topic.
type createdStream struct {
	place *live.Attendance
	// leave, if not nil, takes the viewer from the topic's audience.
	leave func()
	taker Taker // while it is parked
}

func (s *createdStream) close() {
	s.place.Leave()
	if s.leave != nil {
		s.leave()
	}
}

func (s *createdStream) park(taker Taker) bool {
	s.taker = taker
	return s.place.Park(s)
}

// Ready is [live.Listener]'s.
func (s *createdStream) Ready() bool { return s.taker.Ready() }

// Take is [live.Listener]'s.
func (s *createdStream) Take(f live.Frame) bool {
	return f.Payload == nil || s.taker.Take(f.Payload)
}

// Resume is [live.Listener]'s.
func (s *createdStream) Resume() { s.taker.Resume() }

func (s *createdStream) await(ctx context.Context) bool { return s.place.Await(ctx) }

func (s *createdStream) next(ctx context.Context) ([][]byte, error) {
	frames, err := s.place.Next(ctx)
	switch {
	case isFault(err):
		return nil, err
	case errors.Is(err, live.ErrBehind), errors.Is(err, live.ErrStopped):
		return nil, &chat.Error{
			Code:    chat.Unavailable,
			Message: "Some new rooms could not be told of: subscribe again, and read your rooms again.",
		}
	case err != nil:
		return nil, err
	}
	var payloads [][]byte
	for _, f := range frames {
		if f.Payload != nil {
			payloads = append(payloads, f.Payload)
		}
	}
	return payloads, nil
}

// arrivalsShown renders rooms that have come into being, those that the subscribers of a topic may
// see.
func (r *Resolver) arrivalsShown(shown subscription, topic live.Topic, v chat.Viewer) live.Render {
	return func(
		ctx context.Context, owner string, events []live.Event,
	) ([][]byte, live.Look, error) {
		var rooms []*ent.Room
		var sources []source
		var places []int
		for i, event := range events {
			arrival, ok := event.(*live.Arrival)
			if !ok {
				return nil, live.Nothing, fmt.Errorf(
					"a room that has come into being is a %T",
					event,
				)
			}
			s := r.scopeOfArrival(arrival, topic)
			room, err := s.arrivals.many(
				ctx,
				[]uuid.UUID{arrival.Room},
				counted(s, r.seeArrival(s, topic, v)),
			)
			if err != nil {
				return nil, live.Nothing, err
			}
			if room[0] == nil {
				continue // deleted since, or no longer visible
			}
			rooms, places = append(rooms, room[0]), append(places, i)
			sources = append(sources, source{scope: s})
		}
		of := audienceOf{owner, topic}
		payloads, err := spread(ctx, shown, of, rooms, sources, places, len(events))
		return payloads, live.Alone, err
	}
}

// scopeOfArrival returns the scope that all executions for a new room share: of its topic's
// subscribers, who are one user or see public rooms only.
func (r *Resolver) scopeOfArrival(a *live.Arrival, topic live.Topic) *scope {
	shared, ok := a.Share(func() any {
		return r.scopeAt(topic)
	}).(*scope)
	if !ok {
		panic("an arrival shares something else than a scope")
	}
	return shared
}

// seeArrival returns what loads a room that was created; nil if the topic's subscribers may not see
// it.
func (r *Resolver) seeArrival(
	s *scope,
	topic live.Topic,
	v chat.Viewer,
) loader[uuid.UUID, *ent.Room] {
	return func(ctx context.Context, ids []uuid.UUID) ([]*ent.Room, error) {
		var room *ent.Room
		var err error
		if topic == live.Lobby() {
			if room, err = r.chat.PublicRoom(ctx, ids[0]); err == nil {
				s.rooms.put(room.ID, room)
			}
		} else {
			var seen chat.Seen
			if seen, err = r.chat.Room(ctx, v, ids[0]); err == nil {
				s.prime(v, seen)
			}
			room = seen.Room
		}
		if isNotFound(err) {
			room, err = nil, nil
		}
		return []*ent.Room{room}, err
	}
}

// spread renders items and puts their payloads in their places among n.
func spread[T any](
	ctx context.Context,
	shown subscription,
	of audienceOf,
	items []T,
	sources []source,
	places []int,
	n int,
) ([][]byte, error) {
	payloads := make([][]byte, n)
	if len(items) == 0 {
		return payloads, nil
	}
	rendered, err := render(ctx, shown, of, items, sources)
	if err != nil {
		return nil, err
	}
	for i, place := range places {
		payloads[place] = rendered[i]
	}
	return payloads, nil
}

// listStream sends the steps of the viewer's chat list.
type listStream struct {
	r      *Resolver
	v      chat.Viewer
	list   *live.List
	shown  subscription
	opened bool
}

func (s *listStream) close() { s.list.Leave() }

// park is never possible: what a list has to tell depends on time.
func (s *listStream) park(Taker) bool { return false }

func (s *listStream) await(context.Context) bool { return true }

func (s *listStream) next(ctx context.Context) ([][]byte, error) {
	if !s.opened {
		s.opened = true
		return render(
			ctx,
			s.shown,
			audienceOf{user: s.v.ID},
			[]*model.MyRoomsChange{{Kind: model.MyRoomsChangeKindOpened}},
			nil,
		)
	}
	changes, err := s.list.Next(ctx)
	if err != nil {
		return nil, err
	}
	steps := make([]*model.MyRoomsChange, len(changes))
	for i, change := range changes {
		if steps[i], err = s.step(ctx, change); err != nil {
			return nil, err
		}
	}
	return render(ctx, s.shown, audienceOf{user: s.v.ID}, steps, nil)
}

// step is what a change means to a screen.
func (s *listStream) step(ctx context.Context, change live.Change) (*model.MyRoomsChange, error) {
	id := change.Room.String()
	step := &model.MyRoomsChange{Kind: model.MyRoomsChangeKindRemoved, RoomID: &id}
	if change.Gone {
		return step, nil
	}
	room, err := s.r.chat.MyRoom(ctx, s.v, change.Room)
	if isNotFound(err) {
		return step, nil // left since
	}
	if err != nil {
		return nil, err
	}
	step.Kind, step.Room = model.MyRoomsChangeKindChanged, room
	return step, nil
}

// roomStream follows a room's log. What it shows is made once for all who asked the same.
type roomStream struct {
	taker Taker // while it is parked
	r     *Resolver
	v     chat.Viewer
	room  uuid.UUID
	// authorised is the seq up to which the viewer has been found to be in the room; the log tells
	// what comes after.
	authorised int64
	// attend takes a place in the room's log behind a seq.
	attend func(seq, head int64) (*live.Attendance, error)
	place  *live.Attendance
	// leave, if not nil, takes the viewer from the room's audience.
	leave func()
	// first is sent before anything else.
	first [][]byte
	// resync makes what is sent where the stream cannot go on from where it stands, and goes on
	// from the end; nil: then it ends.
	resync func(ctx context.Context, head int64) ([][]byte, error)
}

func (s *roomStream) close() {
	s.place.Leave()
	if s.leave != nil {
		s.leave()
	}
}

func (s *roomStream) park(taker Taker) bool {
	s.taker = taker
	return s.first == nil && s.place.Park(s)
}

// Ready is [live.Listener]'s.
func (s *roomStream) Ready() bool { return s.authorised >= 0 && s.taker.Ready() }

// Take is [live.Listener]'s. What ends the stream is refused here: next comes upon it again, and
// says so.
func (s *roomStream) Take(f live.Frame) bool {
	show, err := s.shows(f)
	return err == nil && (!show || s.taker.Take(f.Payload))
}

// Resume is [live.Listener]'s.
func (s *roomStream) Resume() { s.taker.Resume() }

func (s *roomStream) await(ctx context.Context) bool { return s.first != nil || s.place.Await(ctx) }

func (s *roomStream) next(ctx context.Context) ([][]byte, error) {
	if first := s.first; first != nil {
		s.first = nil
		return first, nil
	}
	frames, err := s.place.Next(ctx)
	switch {
	case errors.Is(err, live.ErrPruned) && s.resync != nil:
		return s.again(ctx)
	case errors.Is(err, live.ErrPruned):
		return nil, errResync()
	case isFault(err):
		return nil, err
	case errors.Is(err, live.ErrStopped):
		return nil, &chat.Error{
			Code:    chat.Unavailable,
			Message: "The room's log cannot be read just now: subscribe again, from the last event you have.",
		}
	case err != nil:
		return nil, err
	}
	return s.payloads(frames)
}

// payloads returns what is shown of frames, up to the one that ends the stream.
func (s *roomStream) payloads(frames []live.Frame) ([][]byte, error) {
	payloads := make([][]byte, 0, len(frames))
	for _, f := range frames {
		show, err := s.shows(f)
		if err != nil {
			return payloads, err
		}
		if show {
			payloads = append(payloads, f.Payload)
		}
	}
	return payloads, nil
}

// shows tells whether something is to be shown of a frame. It fails with the first one that says
// that the viewer is no longer in the room: nothing that was committed after that is delivered.
// That goes for what a payload shows, too: it was made later than its event.
func (s *roomStream) shows(f live.Frame) (bool, error) {
	if err := s.ends(f.Event); err != nil {
		return false, err
	}
	if f.Payload == nil {
		return false, nil
	}
	for _, ending := range f.Endings {
		if err := s.ends(ending); err != nil {
			return false, err
		}
	}
	return true, nil
}

// ends tells whether an event ends the stream: one above what the viewer was authorised at.
func (s *roomStream) ends(event live.Event) error {
	e, err := logEvent(event)
	if err != nil || e.Seq <= s.authorised {
		return err
	}
	return e.Ends(s.v)
}

// again goes on from the end of the log, since what came before is no longer kept, and says so.
func (s *roomStream) again(ctx context.Context) ([][]byte, error) {
	head, err := s.r.chat.Follow(ctx, s.v, s.room)
	if err != nil {
		return nil, err
	}
	s.place.Leave()
	place, err := s.attend(head, head)
	if err != nil {
		return nil, err
	}
	s.authorised, s.place = head, place
	return s.resync(ctx, head)
}

// isFault reports whether an event cannot be rendered because of a fault of the server, which a
// client that subscribes again would meet again. It has been logged when the event was rendered.
func isFault(err error) bool {
	if panics.Is(err) {
		return true
	}
	e, ok := errors.AsType[*gqlerror.Error](err)
	return ok && errors.Is(err, live.ErrStopped) && e.Extensions["code"] == string(chat.Internal)
}

// errFault ends a stream because of a fault.
func errFault(ctx context.Context) *gqlerror.Error {
	return &gqlerror.Error{
		Message: "Something is broken inside the server.",
		Extensions: map[string]any{
			"code": string(chat.Internal), "requestId": reqid.FromContext(ctx),
		},
	}
}

// errResync ends a stream that cannot go on from where it stands.
func errResync() error {
	return &chat.Error{
		Code:    chat.Resync,
		Message: "The stream cannot go on from there: read the room again, and subscribe from its newest message.",
	}
}

func logEvent(e live.Event) (*chat.Event, error) {
	event, ok := e.(*chat.Event)
	if !ok {
		return nil, fmt.Errorf("the log has an event that is a %T", e)
	}
	return event, nil
}

// messagesShown renders the messages among events.
func (r *Resolver) messagesShown(shown subscription) live.Render {
	return eventsAs(r, shown, func(e *chat.Event) (*ent.Message, bool) {
		return e.Message, e.Kind == chat.KindMessageAdded
	})
}

// eventsShown renders all events that the schema has.
func (r *Resolver) eventsShown(shown subscription) live.Render {
	return eventsAs(r, shown, func(e *chat.Event) (model.RoomEvent, bool) {
		event := roomEvent(e)
		return event, event != nil
	})
}

// eventsAs renders what show makes of the events that it wants; the others' payloads are nil.
func eventsAs[T any](
	r *Resolver,
	shown subscription,
	show func(*chat.Event) (T, bool),
) live.Render {
	return func(
		ctx context.Context, owner string, events []live.Event,
	) ([][]byte, live.Look, error) {
		var room live.Topic
		var items []T
		var sources []source
		var places []int
		for i, event := range events {
			e, err := logEvent(event)
			if err != nil {
				return nil, live.Nothing, err
			}
			if item, wanted := show(e); wanted {
				items, places = append(items, item), append(places, i)
				sources = append(sources, source{e.Seq, r.scopeOfEvent(e)})
				room = live.Room(e.Room)
			}
		}
		ctx, looks := chat.Looking(ctx)
		payloads, err := spread(
			ctx,
			shown,
			audienceOf{owner, room},
			items,
			sources,
			places,
			len(events),
		)
		return payloads, lookOf(looks(), sources), err
	}
}

// lookOf tells what a rendering of events has read: so many times itself, or what the others have
// who render them.
func lookOf(itself int64, sources []source) live.Look {
	if itself > 0 {
		return live.Alone
	}
	look := live.Nothing
	for _, e := range sources {
		loads, settled := e.scope.loaded()
		if !settled {
			return live.Alone
		}
		look += live.Look(loads) // none of them ever falls: the same sum is the same of each
	}
	return look
}

// openedAt is what a stream of a room's events begins with.
func openedAt(room uuid.UUID, seq int64) model.RoomEvent {
	return &model.StreamOpened{Event: model.Event{RoomID: room, Seq: seq, At: time.Now()}}
}

// resyncAt says that a stream of a room's events goes on from seq.
func resyncAt(room uuid.UUID, seq int64) model.RoomEvent {
	return &model.Resync{Event: model.Event{RoomID: room, Seq: seq, At: time.Now()}}
}

// roomEvent is an entry of the log as the schema has it; nil where it has none.
func roomEvent(e *chat.Event) model.RoomEvent {
	event := model.Event{RoomID: e.Room, Seq: e.Seq, At: e.At}
	switch e.Kind {
	case chat.KindMessageAdded:
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
	default:
		return nil
	}
}
