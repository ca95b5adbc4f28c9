package graph

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"parley/graph/guard"
	"parley/graph/model"
	"parley/internal/chat"
	"parley/internal/live"
	"parley/internal/panics"
	"parley/internal/reqid"
)

// Subscribe starts a subscription. The errors of its Next are of type [*gqlerror.Error]. The caller
// closes it. If lastEventID is not "" the subscription continues behind that event of its room's
// log instead of the argument `after`; what is no seq is BAD_USER_INPUT. Subscriptions without
// positions ignore it. Those with positions return a [live.Positioned].
func (s *Server) Subscribe(
	ctx context.Context, op *graphql.OperationContext, lastEventID string,
) (live.Subscriber, gqlerror.List) {
	r := s.resolver
	ctx = graphql.WithOperationContext(ctx, op)
	begun, field := time.Now(), fieldOf(op.Operation)
	ctx, end := r.trace(ctx, "subscription", field, op.Operation.Name)
	started, err := r.subscribe(ctx, subscription{
		r:           r,
		op:          op,
		lastEventID: lastEventID,
		executions:  r.events,
		weight:      guard.EstimatedEventBytes(op),
		opening:     guard.EstimatedBytes(op),
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
	return started, nil
}

// subscriber is a subscriber whose errors are GraphQL errors.
type subscriber struct {
	live.Subscriber
	r *Resolver
	// leave, if not nil, removes the viewer from the topic's viewers.
	leave func()
}

// Next implements [live.Subscriber].
func (s *subscriber) Next(ctx context.Context) ([][]byte, error) {
	payloads, err := s.Subscriber.Next(ctx)
	if err != nil {
		err = s.r.ended(ctx, err)
	}
	return payloads, err
}

// Close implements [live.Subscriber].
func (s *subscriber) Close() {
	s.Subscriber.Close()
	if s.leave != nil {
		s.leave()
	}
}

// positioned is a subscriber to a room's log.
type positioned struct {
	*subscriber
	position int64
}

// Position implements [live.Positioned].
func (s *positioned) Position() int64 { return s.position }

// ended returns the GraphQL error for an error of [live.Subscriber].
func (r *Resolver) ended(ctx context.Context, err error) *gqlerror.Error {
	switch {
	case isServerFault(err):
		r.log(ctx, slog.LevelDebug, nil, err)
		return errFault(ctx)
	case errors.Is(err, live.ErrPruned):
		err = errResync()
	case errors.Is(err, live.ErrRewound):
		err = &chat.Error{
			Code: chat.Resync,
			Message: "The database lacks some of the newest changes since a failover. " +
				"Reload what you show and subscribe again.",
		}
	case errors.Is(err, live.ErrTooManyKeys):
		err = errTooManyKeys()
	case errors.Is(err, live.ErrBehind):
		err = &chat.Error{
			Code:    chat.Unavailable,
			Message: "Some new rooms were missed. Subscribe again and reload your rooms.",
		}
	case errors.Is(err, live.ErrStopped):
		err = &chat.Error{
			Code: chat.Unavailable,
			Message: "The events cannot be read at the moment. " +
				"Subscribe again from the last event that you have.",
		}
	}
	return r.present(ctx, err)
}

// isServerFault reports whether an event cannot be rendered because of a fault of the server, which
// a client that subscribes again would meet again. It was logged when the event was rendered.
func isServerFault(err error) bool {
	if panics.Is(err) {
		return true
	}
	e, ok := errors.AsType[*gqlerror.Error](err)
	return ok && errors.Is(err, live.ErrStopped) && e.Extensions["code"] == string(chat.Internal)
}

// errFault ends a subscription because of a fault.
func errFault(ctx context.Context) *gqlerror.Error {
	return &gqlerror.Error{
		Message: "The server has an internal error.",
		Extensions: map[string]any{
			"code": string(chat.Internal), "requestId": reqid.FromContext(ctx),
		},
	}
}

// errResync ends a subscription that cannot continue from its position.
func errResync() error {
	return &chat.Error{
		Code: chat.Resync,
		Message: "The subscription cannot continue from there. " +
			"Reload the room and subscribe from its newest message.",
	}
}

// subscribe authorizes the viewer and starts a subscription.
func (r *Resolver) subscribe(ctx context.Context, shown subscription) (live.Subscriber, error) {
	v, err := viewer(ctx)
	if err != nil {
		return nil, err
	}
	if err := r.ensureUser(ctx); err != nil {
		return nil, err
	}
	shown.plan = r.executable.plan(shown.op) // compiled for clients with a token only
	fields := graphql.CollectFields(
		shown.op,
		shown.op.Operation.SelectionSet,
		[]string{"Subscription"},
	)
	if len(fields) != 1 {
		return nil, &chat.Error{
			Code:    chat.BadUserInput,
			Field:   "query",
			Message: "A subscription must select exactly one field.",
		}
	}
	if shown.plan == nil {
		return nil, &chat.Error{
			Code:    chat.BadUserInput,
			Field:   "query",
			Message: "A subscription must select a field of the type Subscription.",
		}
	}
	if err := shown.checkArguments(ctx); err != nil {
		return nil, err
	}
	shown.root, shown.perViewer = fields[0], shown.plan.Selects("viewer")
	if shown.key, err = groupKey(shown.op, v, shown.perViewer); err != nil {
		return nil, err
	}
	start, ok := r.starters()[fields[0].Name]
	if !ok {
		return nil, fmt.Errorf("subscribe to %s: there is no such subscription", fields[0].Name)
	}
	arguments := fields[0].ArgumentMap(shown.op.Variables)
	for {
		shown.era = r.live.Era()
		started, err := start(ctx, v, shown, arguments)
		if !errors.Is(err, live.ErrRewound) { // otherwise what it was authorized by may be lost
			return started, err
		}
	}
}

// starter starts a subscription, with the field's arguments.
type starter func(
	ctx context.Context, v chat.Viewer, shown subscription, arguments map[string]any,
) (live.Subscriber, error)

// starters returns what starts each of the schema's subscriptions, by the field's name.
func (r *Resolver) starters() map[string]starter {
	return map[string]starter{
		"roomCreated":    r.subscribeToCreated,
		"myRoomsChanged": r.subscribeToList,
		"messageAdded":   r.subscribeToMessages(r.renderMessages),
		"roomEvents":     r.subscribeToEvents,
		"myEvents":       r.subscribeToMyEvents,
	}
}

// subscribeToList starts a subscription to the viewer's list of rooms.
func (r *Resolver) subscribeToList(
	ctx context.Context, v chat.Viewer, shown subscription, _ map[string]any,
) (live.Subscriber, error) {
	opened := []*model.MyRoomsChange{{Kind: model.MyRoomsChangeKindOpened}}
	first, err := render(ctx, shown, executionOwner{user: v.ID}, opened, nil)
	if err != nil {
		return nil, err
	}
	list, err := r.live.SubscribeList(ctx, live.RoomList{
		User: v.ID, First: first, Render: r.renderList(ctx, shown, v),
	})
	if err != nil {
		return nil, err
	}
	return &subscriber{Subscriber: list, r: r}, nil
}

// subscribeToCreated starts a subscription to new rooms: with the viewer in them, or public.
func (r *Resolver) subscribeToCreated(
	ctx context.Context, v chat.Viewer, shown subscription, arguments map[string]any,
) (live.Subscriber, error) {
	topic := live.User(v.ID)
	if arguments["scope"] == string(model.RoomScopePublic) {
		topic = live.Lobby()
	}
	return r.follow(ctx, v, shown, live.Subscription{
		Topic: topic, Render: r.renderCreated(shown, topic, v),
	})
}

// subscribeToMessages returns what starts a subscription to messages of a room, which rendering
// selects. If the subscription cannot continue it ends with RESYNC.
func (r *Resolver) subscribeToMessages(rendering func(subscription) live.Render) starter {
	return func(
		ctx context.Context, v chat.Viewer, shown subscription, arguments map[string]any,
	) (live.Subscriber, error) {
		from, err := parseStart(shown, arguments)
		if err != nil {
			return nil, err
		}
		head, err := r.chat.Follow(ctx, v, from.room)
		if err != nil {
			return nil, r.explainRefusal(ctx, v, from, err)
		}
		sub, ahead := from.subscriptionAt(head)
		if ahead {
			return nil, errResync()
		}
		sub.Head, sub.Render = head, rendering(shown)
		return r.follow(ctx, v, shown, sub)
	}
}

// subscribeToEvents starts a subscription to the events of a room. It begins with StreamOpened,
// with a snapshot of the room if it selects one. If it cannot continue it sends Resync and
// continues from the head.
func (r *Resolver) subscribeToEvents(
	ctx context.Context, v chat.Viewer, shown subscription, arguments map[string]any,
) (live.Subscriber, error) {
	from, err := parseStart(shown, arguments)
	if err != nil {
		return nil, err
	}
	room := from.room
	var snapshot opened
	var head int64
	if showsSnapshot(shown.op, shown.root, "room", "messages") {
		snapshot, head, err = renderOpening(ctx, r, v, shown, room,
			func(event model.RoomEvent) model.RoomEvent { return event })
	} else {
		head, err = r.chat.Follow(ctx, v, room)
	}
	if err != nil {
		return nil, r.explainRefusal(ctx, v, from, err)
	}
	seq, events := snapshot.version.Seq, []model.RoomEvent(nil)
	if snapshot.payload == nil {
		seq, events = head, []model.RoomEvent{newStreamOpened(room, head)}
	}
	sub, ahead := from.subscriptionAt(seq)
	if ahead {
		events = append(events, newResync(room, seq))
	}
	if sub.First, err = render(ctx, shown, executionOwner{user: v.ID}, events, nil); err != nil {
		return nil, err
	}
	if snapshot.payload != nil {
		sub.First = slices.Insert(sub.First, 0, snapshot.payload)
	}
	sub.Head, sub.Render = head, r.renderEvents(shown)
	sub.Resync = resyncs(r, shown, func(_ uuid.UUID, event model.RoomEvent) model.RoomEvent {
		return event
	})
	return r.follow(ctx, v, shown, sub)
}

// resyncs returns what makes a subscription continue from the head of a room's log. It shows the
// Resync as item returns it.
func resyncs[T any](
	r *Resolver, shown subscription, item func(room uuid.UUID, event model.RoomEvent) T,
) live.Resync {
	return func(
		ctx context.Context, room uuid.UUID,
	) (head int64, payloads [][]byte, err error) {
		v, err := viewer(ctx)
		if err != nil {
			return 0, nil, err
		}
		if head, err = r.chat.Follow(ctx, v, room); err != nil {
			return 0, nil, r.chat.EndedOr(ctx, v, room, err)
		}
		items := []T{item(room, newResync(room, head))}
		payloads, err = render(ctx, shown, executionOwner{user: v.ID}, items, nil)
		return head, payloads, err
	}
}

// follow subscribes to a topic. Subscriptions with the same key share executions.
func (r *Resolver) follow(
	ctx context.Context, v chat.Viewer, shown subscription, sub live.Subscription,
) (live.Subscriber, error) {
	sub.User, sub.Key, sub.Era = v.ID, shown.key, shown.era
	if shown.perViewer {
		sub.Render = renderAs(ctx, sub.Render)
	}
	started, err := r.live.Subscribe(sub)
	if errors.Is(err, live.ErrTooManyKeys) {
		return nil, errTooManyKeys()
	}
	if err != nil {
		return nil, err
	}
	s := &subscriber{Subscriber: started, r: r}
	if shown.perViewer {
		r.viewers.add(sub.Topic, v.ID)
		s.leave = sync.OnceFunc(func() { r.viewers.remove(sub.Topic, v.ID) })
	}
	if sub.Topic == live.Room(sub.Topic.Room()) {
		return &positioned{s, sub.After}, nil
	}
	return s, nil
}

// renderAs returns render with the viewer of ctx.
func renderAs(ctx context.Context, render live.Render) live.Render {
	as := viewerCarrier(ctx)
	return func(
		ctx context.Context, owner string, events []live.Event,
	) ([][]byte, live.ReadSet, error) {
		return render(as(ctx), owner, events)
	}
}

// errTooManyKeys refuses to follow a topic.
func errTooManyKeys() error {
	return &chat.Error{Code: chat.RateLimited, Message: fmt.Sprintf(
		"You follow this with %d different documents or variables already. "+
			"End one of those subscriptions first.", live.MaxKeys,
	)}
}
