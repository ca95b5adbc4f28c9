package graph

import (
	"context"

	"github.com/vektah/gqlparser/v2/ast"

	"parley/ent"
	"parley/ent/message"
	"parley/graph/bulk"
	"parley/graph/model"
	"parley/internal/chat"
)

// sentKey is where the resolver finds what has come of a message that was sent before it was asked to.
type sentKey struct{}

// sent is what has come of a message.
type sent struct {
	chat.Sent
	err error
}

func sendPayloadInBulk(t *bulkTypes) *bulk.Object[*model.SendMessagePayload] {
	return &bulk.Object[*model.SendMessagePayload]{Name: "SendMessagePayload", Fields: map[string]bulk.Field[*model.SendMessagePayload]{
		"message": bulk.One(t.message, each(func(p *model.SendMessagePayload) *ent.Message { return p.Message })),
	}}
}

// compileSend returns what executes a mutation that sends one message; nil where it is for the schema below. Where there is more
// to say, of the message or its payload, the schema below says it, and is told what has come of the message: it is sent once.
func (e *express) compileSend(op *ast.OperationDefinition) execution {
	field := only(op)
	if field == nil || field.Name != "sendMessage" {
		return nil
	}
	load, err := e.payload.Compile([]ast.SelectionSet{field.SelectionSet})
	if err != nil {
		return nil
	}
	return func(ctx context.Context, vars map[string]any) ([]byte, context.Context) {
		in, plain := plainMessage(field.ArgumentMap(vars))
		if !plain {
			return nil, ctx
		}
		var outcome sent
		if payload := e.send(ctx, load, vars, in, &outcome); payload != nil {
			data := append(bulk.String([]byte{'{'}, field.Alias), ':')
			return append(append(data, payload...), '}'), ctx
		}
		return nil, context.WithValue(ctx, sentKey{}, &outcome)
	}
}

// only is the one field that an operation asks for, without a condition; nil: it is another operation.
func only(op *ast.OperationDefinition) *ast.Field {
	if len(op.SelectionSet) != 1 {
		return nil
	}
	field, ok := op.SelectionSet[0].(*ast.Field)
	if !ok || len(field.Directives) > 0 {
		return nil
	}
	return field
}

// send sends a message, notes what has come of it, and writes the payload; nil where there is more to say.
func (e *express) send(
	ctx context.Context, load bulk.Loader[*model.SendMessagePayload], vars map[string]any, in chat.SendMessageInput, outcome *sent,
) (payload []byte) {
	sending := true
	defer func() {
		if what := recover(); what != nil {
			payload = nil
			if err := e.resolver.panicked(ctx, what); sending {
				outcome.err = err
			}
		}
	}()
	*outcome = e.resolver.sendMessage(ctx, in)
	sending = false
	if outcome.err != nil {
		return nil
	}
	write, err := load(ctx, vars, []*model.SendMessagePayload{{Message: outcome.Message}})
	if err != nil {
		e.resolver.logger.DebugContext(ctx, "executed again", "error", err)
		return nil
	}
	return write(nil, 0)
}

// sendMessage sends a message, unless that was done before.
func (r *Resolver) sendMessage(ctx context.Context, in chat.SendMessageInput) sent {
	if before, ok := ctx.Value(sentKey{}).(*sent); ok {
		return *before
	}
	v, err := viewer(ctx)
	if err != nil {
		return sent{err: err}
	}
	made, err := r.chat.SendMessage(ctx, v, in)
	if err == nil {
		loadersFrom(ctx).heard(made.People)
	}
	return sent{made, err}
}

// plainMessage reads the argument of sendMessage where it has texts only, written as most clients do: everything else, and what
// is wrong, is for the schema below.
func plainMessage(args map[string]any) (in chat.SendMessageInput, plain bool) {
	given, ok := args["input"].(map[string]any)
	if !ok {
		return in, false
	}
	in.Type, in.MentionIds = message.TypeTEXT, []string{}
	there := 0
	for name, value := range given {
		text, ok := value.(string)
		if !ok {
			return in, false
		}
		switch name {
		case "roomId":
			id, err := model.UnmarshalUUID(text)
			if err != nil {
				return in, false
			}
			in.RoomID = id
			there++
		case "contents":
			in.Contents = text
			there++
		case "type":
			in.Type = message.Type(text)
			if message.TypeValidator(in.Type) != nil {
				return in, false
			}
		case "idempotencyKey":
			in.IdempotencyKey = &text
		default:
			return in, false
		}
	}
	return in, there == 2
}
