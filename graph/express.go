package graph

import (
	"context"
	"errors"
	"runtime/debug"

	"github.com/99designs/gqlgen/graphql"
	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"parley/graph/bulk"
	"parley/graph/model"
)

// express executes queries in bulk as far as it knows their fields, and so the payload of a message that is sent, and has
// everything else executed field by field, by the schema below it. Both ask chat, and answer the same: only what they cost differs.
type express struct {
	graphql.ExecutableSchema
	resolver *Resolver
	query    *bulk.Object[*asked]
	// compiled are the operations of the documents that are kept parsed; nil where one is not for here.
	compiled *lru.Cache[*ast.OperationDefinition, bulk.Loader[*asked]]
	payload  *bulk.Object[*model.SendMessagePayload]
	sends    *lru.Cache[*ast.OperationDefinition, *sending]
}

// asked is the object that queries begin with.
type asked struct{}

func newExpress(schema graphql.ExecutableSchema, r *Resolver, keep int) *express {
	compiled, err := lru.New[*ast.OperationDefinition, bulk.Loader[*asked]](keep)
	sends, other := lru.New[*ast.OperationDefinition, *sending](keep)
	if err := errors.Join(err, other); err != nil {
		panic(err) // the size is above 0
	}
	t := newBulkTypes(r)
	return &express{
		ExecutableSchema: schema, resolver: r, query: t.query, compiled: compiled, payload: sendPayloadInBulk(t), sends: sends,
	}
}

// Exec is [graphql.ExecutableSchema]'s.
func (e *express) Exec(ctx context.Context) graphql.ResponseHandler {
	op := graphql.GetOperationContext(ctx)
	switch op.Operation.Operation {
	case ast.Query:
	case ast.Mutation:
		send, ok := e.sends.Get(op.Operation)
		if !ok {
			send = e.compileSend(op.Operation)
			e.sends.Add(op.Operation, send)
		}
		if send != nil {
			return e.execSend(send)
		}
		return e.ExecutableSchema.Exec(ctx)
	default:
		return e.ExecutableSchema.Exec(ctx)
	}
	load, ok := e.compiled.Get(op.Operation)
	if !ok {
		load, _ = e.query.Compile([]ast.SelectionSet{op.Operation.SelectionSet}) // nil where it is for the schema below
		e.compiled.Add(op.Operation, load)
	}
	if load == nil {
		return e.ExecutableSchema.Exec(ctx)
	}
	var below graphql.ResponseHandler
	return func(ctx context.Context) *graphql.Response {
		if below != nil {
			return below(ctx)
		}
		if data := e.execute(ctx, load, op.Variables); data != nil {
			below = graphql.OneShot(nil)
			below(ctx)
			return &graphql.Response{Data: data}
		}
		below = e.ExecutableSchema.Exec(ctx)
		return below(ctx)
	}
}

// execute returns the data of a query; nil where it failed, so that the schema below finds out what there is to say of it.
func (e *express) execute(ctx context.Context, load bulk.Loader[*asked], vars map[string]any) (data []byte) {
	defer func() {
		if what := recover(); what != nil {
			e.resolver.logger.ErrorContext(ctx, "panic in bulk", "panic", what, "stack", string(debug.Stack()))
			data = nil
		}
	}()
	write, err := load(ctx, vars, []*asked{{}})
	if err != nil {
		if !errors.Is(err, bulk.ErrElsewhere) {
			e.resolver.logger.DebugContext(ctx, "executed again", "error", err)
		}
		return nil
	}
	return write(make([]byte, 0, firstBytes), 0)
}

// firstBytes is how much room a response gets at first.
const firstBytes = 4 << 10
