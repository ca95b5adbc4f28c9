package graph

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"parley/graph/guard"
	"parley/graph/model"
	"parley/internal/chat"
	"parley/internal/live"
)

// Stream is a running subscription. Except for Stop it is for one goroutine.
type Stream struct {
	r      *Resolver
	stream stream
}

// Taker is whom results are handed to while nobody waits for them: see [Stream.Park].
type Taker = interface {
	// Ready tells whether Take would take a result now, as far as that is known; it looks at what
	// Take will look at.
	Ready() bool
	// Take is handed a result. It must not block; it returns false for one that it cannot take now.
	Take(result []byte) bool
	// Resume is called, once, when a result has not been taken, and when the subscription has come
	// to its end: Next goes on from there. It must not block.
	Resume()
}

// Subscribe starts a subscription that exec has made op of. The caller stops it.
func (s *Server) Subscribe(
	ctx context.Context,
	_ graphql.GraphExecutor,
	op *graphql.OperationContext,
) (*Stream, gqlerror.List) {
	r := s.resolver
	ctx = graphql.WithOperationContext(ctx, op)
	begun, field := time.Now(), fieldOf(op.Operation)
	ctx, end := r.trace(ctx, "subscription", field, op.Operation.Name)
	started, err := r.subscribe(ctx, subscription{
		r:          r,
		op:         op,
		plan:       r.executable.plan(op),
		executions: r.events,
		weight:     guard.EstimatedBytes(op),
		begin: func(ctx context.Context) (context.Context, func(string)) {
			return r.trace(ctx, "event", field, op.Operation.Name)
		},
	})
	var refused gqlerror.List
	if err != nil {
		refused = gqlerror.List{r.present(ctx, err)}
	}
	outcome := outcomeOf(ctx, refused)
	r.done("subscription", field, outcome, time.Since(begun))
	end(outcome)
	if err != nil {
		return nil, refused
	}
	return &Stream{r: r, stream: started}, nil
}

// Next waits for what comes next, and returns the results of it: whole responses in JSON that are
// shared and must not be changed; none where nothing of it is to be shown. Errors end the
// subscription, also beside results, which are to be sent first; otherwise there may be more.
func (s *Stream) Next(ctx context.Context) (results [][]byte, more bool, errs gqlerror.List) {
	results, err := s.stream.next(ctx)
	if isFault(err) {
		s.r.log(ctx, slog.LevelDebug, nil, err)
		return results, false, gqlerror.List{errFault(ctx)}
	}
	if err != nil {
		return results, false, gqlerror.List{s.r.present(ctx, err)}
	}
	return results, true, nil
}

// Park has results handed to taker as they come, instead of waiting for them with Next, which costs
// a goroutine. It returns false where it cannot, or there may be something for Next at once.
func (s *Stream) Park(taker Taker) bool { return s.stream.park(taker) }

// Parks tells whether it can: a list of rooms cannot.
func (s *Stream) Parks() bool {
	_, list := s.stream.(*listStream)
	return !list
}

// Await waits, where Park has returned false though the subscription parks, until Next need not
// wait, and returns true, or until Park may not return false any more.
func (s *Stream) Await(ctx context.Context) bool { return s.stream.await(ctx) }

// Stop ends the subscription.
func (s *Stream) Stop() { s.stream.close() }

// subscribe finds out who asks for what, and whether they may.
func (r *Resolver) subscribe(ctx context.Context, shown subscription) (stream, error) {
	v, err := viewer(ctx)
	if err != nil {
		return nil, err
	}
	if err := r.ensureUser(ctx); err != nil {
		return nil, err
	}
	fields := graphql.CollectFields(
		shown.op,
		shown.op.Operation.SelectionSet,
		[]string{"Subscription"},
	)
	if len(fields) != 1 {
		return nil, &chat.Error{
			Code:    chat.BadUserInput,
			Field:   "query",
			Message: "A subscription asks for one field.",
		}
	}
	if shown.plan == nil {
		return nil, &chat.Error{
			Code:    chat.BadUserInput,
			Field:   "query",
			Message: "A subscription asks for a field of the type Subscription.",
		}
	}
	start, ok := r.streams()[fields[0].Name]
	if !ok {
		return nil, fmt.Errorf("subscribe to %s: there is no such stream", fields[0].Name)
	}
	return start(ctx, v, shown, fields[0].ArgumentMap(shown.op.Variables))
}

// starter starts the stream of a subscription, with the field's arguments.
type starter func(
	ctx context.Context, v chat.Viewer, shown subscription, arguments map[string]any,
) (stream, error)

// streams returns what starts each of the schema's subscriptions, by the field's name.
func (r *Resolver) streams() map[string]starter {
	return map[string]starter{
		"roomCreated":    r.subscribeToCreated,
		"myRoomsChanged": r.subscribeToList,
		"messageAdded":   r.subscribeToRoom(r.messagesShown, false),
		"roomEvents":     r.subscribeToRoom(r.eventsShown, true),
	}
}

// subscribeToList starts a stream of the changes of the viewer's chat list.
func (r *Resolver) subscribeToList(
	ctx context.Context, v chat.Viewer, shown subscription, _ map[string]any,
) (stream, error) {
	list, err := r.live.Watch(ctx, v.ID)
	if err != nil {
		return nil, err
	}
	return &listStream{r: r, v: v, list: list, shown: shown}, nil
}

// sharing tells who may share a subscription's executions.
type sharing struct {
	// key is the same for all who may.
	key string
	// as gives an execution's context the viewer, where the operation depends on who asks.
	as func(context.Context) context.Context
	// perViewer: it does.
	perViewer bool
}

func shareable(ctx context.Context, v chat.Viewer, op *graphql.OperationContext) (sharing, error) {
	s := sharing{
		perViewer: dependsOnViewer(op),
		as:        func(ctx context.Context) context.Context { return ctx },
	}
	if s.perViewer {
		s.as = keepViewer(ctx)
	}
	var err error
	s.key, err = groupKey(op, v, s.perViewer)
	return s, err
}

// rendering has render act as who may share what it makes.
func (s sharing) rendering(render live.Render) live.Render {
	return func(
		ctx context.Context, owner string, events []live.Event,
	) ([][]byte, live.Look, error) {
		return render(s.as(ctx), owner, events)
	}
}

// subscribeToCreated starts a stream of the rooms that come into being: with the viewer in them, or
// for all to see.
func (r *Resolver) subscribeToCreated(
	ctx context.Context, v chat.Viewer, shown subscription, arguments map[string]any,
) (stream, error) {
	s, err := shareable(ctx, v, shown.op)
	if err != nil {
		return nil, err
	}
	topic := live.User(v.ID)
	if arguments["scope"] == string(model.RoomScopePublic) {
		topic = live.Lobby()
	}
	place, err := r.live.Follow(topic, v.ID, s.key, s.rendering(r.arrivalsShown(shown, topic, v)))
	if err != nil {
		return nil, errAsks(err)
	}
	stream := &createdStream{place: place}
	if s.perViewer {
		r.audience.enter(topic, v.ID)
		stream.leave = sync.OnceFunc(func() { r.audience.leave(topic, v.ID) })
	}
	return stream, nil
}

// errAsks is the answer to a user that follows a topic with too many different documents.
func errAsks(err error) error {
	if !errors.Is(err, live.ErrTooManyAsks) {
		return err
	}
	return &chat.Error{Code: chat.RateLimited, Message: fmt.Sprintf(
		"You follow this with %d different documents or variables already. End one of those subscriptions first.",
		live.MaxAsks,
	)}
}

// subscribeToRoom returns what starts a stream of a room's log that shows what show renders. A
// stream of RoomEvents begins with StreamOpened and has Resync; the others end with RESYNC instead.
func (r *Resolver) subscribeToRoom(
	show func(subscription) live.Render, roomEvents bool,
) starter {
	return func(
		ctx context.Context, v chat.Viewer, shown subscription, arguments map[string]any,
	) (stream, error) {
		return r.followRoom(ctx, v, shown, arguments, show(shown), roomEvents)
	}
}

// followRoom starts a stream of a room's log: see subscribeToRoom.
func (r *Resolver) followRoom(
	ctx context.Context, v chat.Viewer, shown subscription, arguments map[string]any,
	rendered live.Render, roomEvents bool,
) (stream, error) {
	after, given, err := afterArgument(arguments)
	if err != nil {
		return nil, err
	}
	roomID, err := model.UnmarshalUUID(arguments["roomId"])
	if err != nil {
		return nil, err
	}
	head, err := r.chat.Follow(ctx, v, roomID)
	if err != nil {
		return nil, err
	}
	ahead := given && after > head
	from := head
	if given && !ahead {
		from = after
	}

	share, err := shareable(ctx, v, shown.op)
	if err != nil {
		return nil, err
	}
	frames := share.rendering(rendered)
	s := &roomStream{r: r, v: v, room: roomID, authorised: head}
	s.attend = func(seq, head int64) (*live.Attendance, error) {
		place, err := r.live.Attend(roomID, v.ID, share.key, seq, head, frames)
		return place, errAsks(err)
	}
	own := audienceOf{user: v.ID}
	if roomEvents {
		items := []model.RoomEvent{openedAt(roomID, head)}
		if ahead {
			items = append(items, resyncAt(roomID, head))
		}
		if s.first, err = render(ctx, shown, own, items, nil); err != nil {
			return nil, err
		}
		s.resync = func(ctx context.Context, head int64) ([][]byte, error) {
			return render(ctx, shown, own, []model.RoomEvent{resyncAt(roomID, head)}, nil)
		}
	} else if ahead {
		return nil, errResync()
	}
	if s.place, err = s.attend(from, head); err != nil {
		return nil, err
	}
	if share.perViewer {
		topic := live.Room(roomID)
		r.audience.enter(topic, v.ID)
		s.leave = sync.OnceFunc(func() { r.audience.leave(topic, v.ID) })
	}
	return s, nil
}

// afterArgument reads the seq that a stream is to go on from.
func afterArgument(arguments map[string]any) (after int64, given bool, err error) {
	value := arguments["after"]
	if value == nil {
		return 0, false, nil
	}
	if after, err = model.UnmarshalInt64(value); err != nil {
		return 0, false, err
	}
	if after < 0 {
		return 0, false, &chat.Error{
			Code:    chat.BadUserInput,
			Field:   "after",
			Message: "after must not be negative.",
		}
	}
	return after, true, nil
}
