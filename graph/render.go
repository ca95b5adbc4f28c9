package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"parley/graph/exec"
	"parley/graph/model"
	"parley/internal/chat"
	"parley/internal/limit"
	"parley/internal/live"
)

// subscription is an operation that is executed for each of its events.
type subscription struct {
	r    *Resolver
	op   *graphql.OperationContext
	plan *exec.Plan
	// lastEventID, if not "", is the id of the event that the subscription continues from.
	lastEventID string
	// root is the operation's one field.
	root graphql.CollectedField
	// key is equal for the subscriptions that share executions. If perViewer, what they show
	// depends on the viewer, who is part of the key.
	key       string
	perViewer bool
	// era is that of the hub before the viewer was authorized.
	era int64
	// executions bound what its executions take. One takes weight bytes, that of a StreamOpened
	// with a snapshot opening bytes.
	executions      *limit.Executions
	weight, opening int64
	// begin is called when it is executed, and what it returns with the outcome.
	begin func(context.Context) (context.Context, func(outcome string))
}

// errNoEvents is what the resolvers of subscriptions return. They are not called: Subscribe selects
// the events and their subscribers, and a subscription is executed for each event.
var errNoEvents = errors.New("a subscription is executed without its events")

// eventRef is the event that an item comes from: its seq, 0 if it is not in a log, and the scope
// that all executions for the event share.
type eventRef struct {
	seq   int64
	scope *scope
}

// executionOwner is a user, or if that is "" all subscribers of a topic: executions count against
// its quota.
type executionOwner struct {
	user  string
	topic live.Topic
}

// render executes the subscription for each item and returns the responses as JSON. Where sources
// are given, a response says in its extensions which event it is of, and what was read with the
// event is not read again. Items without sources are executed together: they load what they show in
// the same statements. It fails where a response has an error that is not for its reader: such
// a response is never an event.
//
// Items are executed in parts that fit the quota of the owner.
func render[T any](
	ctx context.Context, s subscription, of executionOwner, items []T, refs []eventRef,
) ([][]byte, error) {
	part := len(items)
	if quota := s.executions.Quota(); quota > 0 && s.weight > 0 {
		part = int(max(quota/s.weight, 1))
	}
	out := make([][]byte, 0, len(items))
	for start := 0; start < len(items); start += part {
		end := min(start+part, len(items))
		var from []eventRef
		if refs != nil {
			from = refs[start:end]
		}
		rendered, err := renderPart(ctx, s, of, items[start:end], from)
		if err != nil {
			return nil, err
		}
		out = append(out, rendered...)
	}
	return out, nil
}

// renderPart is render for items that are executed together.
func renderPart[T any](
	ctx context.Context, s subscription, of executionOwner, items []T, refs []eventRef,
) (out [][]byte, err error) {
	weight := s.weight * int64(len(items))
	err = s.executing(ctx, of, weight, func(ctx context.Context) (err error) {
		out, err = responses(ctx, s, items, refs)
		return err
	})
	return out, err
}

// executing calls do, which executes the subscription, when there are so many bytes of memory for
// it.
func (s subscription) executing(
	ctx context.Context, of executionOwner, weight int64, do func(context.Context) error,
) (err error) {
	ctx, end := s.begin(ctx)
	defer func() {
		var failed gqlerror.List
		if e, ok := errors.AsType[*gqlerror.Error](err); ok {
			failed = gqlerror.List{e}
		} else if err != nil {
			failed = gqlerror.List{
				{Err: err, Extensions: map[string]any{"code": string(chat.AsError(err).Code)}},
			}
		}
		end(outcomeOf(ctx, failed))
	}()
	execution, err := s.executions.Acquire(ctx, of.user, of.topic.String(), weight)
	if err != nil {
		return err
	}
	defer execution.Release()
	return do(ctx)
}

// responses executes the subscription for items for which there is memory, and returns the
// responses as JSON.
func responses[T any](
	ctx context.Context, s subscription, items []T, refs []eventRef,
) ([][]byte, error) {
	executed, err := execute(ctx, s, items, refs)
	if err != nil {
		return nil, err
	}
	out := make([][]byte, len(items))
	for i, response := range executed {
		for _, e := range response.Errors {
			if code := e.Extensions["code"]; code == string(chat.Internal) ||
				code == string(chat.Unavailable) {
				return nil, fmt.Errorf("render: %w", e)
			}
		}
		var seq int64
		if refs != nil {
			seq = refs[i].seq
		}
		resync, away := resyncOf(items[i])
		if away {
			seq = resync
		}
		if out[i], err = encode(response, seq, away); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// execute executes the subscription for items: for each with its source, or for all together.
func execute[T any](
	ctx context.Context, s subscription, items []T, refs []eventRef,
) (executed []exec.Response, err error) {
	request := s.r.executable.request(s.op)
	if refs == nil {
		executed, err = s.plan.ExecuteEvents(s.r.withScope(ctx), request, items)
	}
	for i, ref := range refs {
		rendered, err := s.plan.ExecuteEvents(inScope(ctx, ref.scope), request, items[i:i+1])
		if err != nil {
			return nil, err
		}
		executed = append(executed, rendered...)
	}
	if err == nil {
		err = ctx.Err() // what is there may be the error of a resolver that was cancelled
	}
	return executed, err
}

// resyncOf returns the seq of a Resync; away is false if the item is another.
func resyncOf(item any) (seq int64, away bool) {
	if mine, ok := item.(*model.MyEvent); ok {
		item = mine.Event
	}
	resync, away := item.(*model.Resync)
	if away {
		seq = resync.Seq
	}
	return seq, away
}

// encode writes a response as JSON, with a seq in its extensions, if there is one, and whether the
// stream goes on from there wherever it has been.
func encode(response exec.Response, seq int64, resync bool) ([]byte, error) {
	var out bytes.Buffer
	out.Grow(len(response.Data) + 64)
	out.WriteString(`{"data":`)
	out.Write(response.Data)
	if len(response.Errors) > 0 {
		errs, err := json.Marshal(response.Errors[:min(len(response.Errors), maxErrors)])
		if err != nil {
			return nil, fmt.Errorf("encode errors: %w", err)
		}
		out.WriteString(`,"errors":`)
		out.Write(errs)
	}
	if seq != 0 || resync {
		out.Write(live.AppendPosition(out.AvailableBuffer(), seq, resync))
	}
	out.WriteString("}")
	return out.Bytes(), nil
}
