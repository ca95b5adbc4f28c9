package graph

import (
	"context"
	"runtime/debug"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"parley/ent"
	"parley/ent/message"
	"parley/graph/bulk"
	"parley/graph/model"
	"parley/internal/chat"
)

// sending is a mutation that does nothing but send a message, compiled.
type sending struct {
	field *ast.Field
	load  bulk.Loader[*model.SendMessagePayload]
}

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

// compileSend returns a mutation that sends one message; nil where it is for the schema below.
func (e *express) compileSend(op *ast.OperationDefinition) *sending {
	field := only(op)
	if field == nil || field.Name != "sendMessage" {
		return nil
	}
	load, err := e.payload.Compile([]ast.SelectionSet{field.SelectionSet})
	if err != nil {
		return nil
	}
	return &sending{field, load}
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

// execSend sends a message and writes the payload. Where there is more to say of either, the schema below says it, and is told
// what has come of the message: it is sent once.
func (e *express) execSend(s *sending) graphql.ResponseHandler {
	var below graphql.ResponseHandler
	return func(ctx context.Context) *graphql.Response {
		if below != nil {
			return below(ctx)
		}
		in, plain := plainMessage(s.field.ArgumentMap(graphql.GetOperationContext(ctx).Variables))
		if plain {
			var outcome sent
			if data := e.send(ctx, s, in, &outcome); data != nil {
				below = graphql.OneShot(nil)
				below(ctx)
				return &graphql.Response{Data: data}
			}
			ctx = context.WithValue(ctx, sentKey{}, &outcome)
		}
		below = e.ExecutableSchema.Exec(ctx)
		return below(ctx)
	}
}

// send sends a message, notes what has come of it, and returns the response's data; nil where there is more to say.
func (e *express) send(ctx context.Context, s *sending, in chat.SendMessageInput, outcome *sent) (data []byte) {
	sending := true
	defer func() {
		if what := recover(); what != nil {
			data = nil
			if sending {
				outcome.err = panicked(ctx, what)
				return
			}
			e.resolver.logger.ErrorContext(ctx, "panic in bulk", "panic", what, "stack", string(debug.Stack()))
		}
	}()
	*outcome = e.resolver.sendMessage(ctx, in)
	sending = false
	if outcome.err != nil {
		return nil
	}
	write, err := s.load(ctx, graphql.GetOperationContext(ctx).Variables, []*model.SendMessagePayload{{Message: outcome.Message}})
	if err != nil {
		e.resolver.logger.DebugContext(ctx, "executed again", "error", err)
		return nil
	}
	data = append(bulk.String(append(make([]byte, 0, firstBytes), '{'), s.field.Alias), ':')
	return append(write(data, 0), '}')
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
