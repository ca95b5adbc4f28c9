package graph

import (
	"context"
	"fmt"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"parley/graph/model"
	"parley/internal/chat"
	"parley/internal/live"
)

// Subscribe starts a subscription that exec has made op of. next waits for results, whole responses in JSON that are
// shared and must not be changed; errors end the subscription, also beside results, which are to be sent first. stop
// ends it and is called once. Both are for one goroutine.
func (s *Server) Subscribe(ctx context.Context, exec graphql.GraphExecutor, op *graphql.OperationContext) (
	next func(context.Context) ([][]byte, gqlerror.List), stop func(), errs gqlerror.List,
) {
	r := s.resolver
	ctx = graphql.WithOperationContext(ctx, op)
	started, err := r.subscribe(ctx, subscription{exec: exec, op: op})
	if err != nil {
		return nil, nil, gqlerror.List{r.present(ctx, err)}
	}
	next = func(ctx context.Context) ([][]byte, gqlerror.List) {
		results, err := started.next(ctx)
		if err != nil {
			return results, gqlerror.List{r.present(ctx, err)}
		}
		return results, nil
	}
	return next, started.close, nil
}

// subscribe finds out who asks for what, and whether they may.
func (r *Resolver) subscribe(ctx context.Context, shown subscription) (stream, error) {
	v, err := viewer(ctx)
	if err != nil {
		return nil, err
	}
	if err := r.greet(ctx); err != nil {
		return nil, err
	}
	fields := graphql.CollectFields(shown.op, shown.op.Operation.SelectionSet, []string{"Subscription"})
	if len(fields) != 1 {
		return nil, &chat.Error{Code: chat.BadUserInput, Field: "query", Message: "A subscription asks for one field."}
	}
	arguments := fields[0].ArgumentMap(shown.op.Variables)
	switch name := fields[0].Name; name {
	case "roomCreated":
		topic := live.User(v.ID)
		if arguments["scope"] == string(model.RoomScopePublic) {
			topic = live.Lobby()
		}
		return &createdStream{r: r, v: v, topic: r.live.Subscribe(topic), shown: shown}, nil
	case "myRoomsChanged":
		list, err := r.live.Watch(ctx, v.ID)
		if err != nil {
			return nil, err
		}
		return &listStream{r: r, v: v, list: list, shown: shown}, nil
	case "messageAdded", "roomEvents":
		return r.subscribeToRoom(ctx, v, shown, fields[0].Field, arguments)
	default:
		return nil, fmt.Errorf("subscribe to %s: there is no such stream", name)
	}
}

// subscribeToRoom starts a stream of a room's log.
func (r *Resolver) subscribeToRoom(ctx context.Context, v chat.Viewer, shown subscription, field *ast.Field, arguments map[string]any) (stream, error) {
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

	perViewer := dependsOnViewer(shown.op)
	key, err := ask(shown.op, v, perViewer)
	if err != nil {
		return nil, err
	}
	asViewer := func(ctx context.Context) context.Context { return ctx }
	if perViewer {
		asViewer = keepViewer(ctx)
	}
	makeFrames := messagesShown
	if field.Name == "roomEvents" {
		makeFrames = eventsShown
	}
	frames := func(ctx context.Context, events []live.Event) ([][]byte, error) {
		return makeFrames(shown)(asViewer(ctx), events)
	}
	s := &roomStream{r: r, v: v, room: roomID, authorised: head}
	s.attend = func(seq, head int64) *live.Attendance { return r.live.Attend(roomID, key, seq, head, frames) }
	if field.Name == "roomEvents" {
		items := []model.RoomEvent{openedAt(roomID, head)}
		if ahead {
			items = append(items, resyncAt(roomID, head))
		}
		if s.first, err = render(ctx, shown, items, make([]int64, len(items))); err != nil {
			return nil, err
		}
		s.resync = func(ctx context.Context, head int64) ([][]byte, error) {
			return render(ctx, shown, []model.RoomEvent{resyncAt(roomID, head)}, nil)
		}
	} else if ahead {
		return nil, errResync()
	}
	s.place = s.attend(from, head)
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
		return 0, false, &chat.Error{Code: chat.BadUserInput, Field: "after", Message: "after must not be negative."}
	}
	return after, true, nil
}
