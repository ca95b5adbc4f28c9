package graph

import (
	"context"
	"errors"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"parley/graph/bulk"
	"parley/graph/guard"
	"parley/graph/model"
)

// express executes queries in bulk as far as it knows their fields, and so the payload of a message that is sent, and has
// everything else executed field by field, by the schema below it. Both ask chat, and answer the same: only what they cost
// differs.
type express struct {
	graphql.ExecutableSchema
	resolver *Resolver
	query    *bulk.Object[*asked]
	payload  *bulk.Object[*model.SendMessagePayload]
}

// execution executes an operation once and returns the response's data; nil, and a context, where the schema below is to go on.
type execution func(ctx context.Context, vars map[string]any) (data []byte, rest context.Context)

// asked is the object that queries begin with.
type asked struct{}

// compiledKey is where a prepared operation has its execution; nil where it is not for here.
type compiledKey struct{}

func newExpress(schema graphql.ExecutableSchema, r *Resolver) *express {
	t := newBulkTypes(r)
	return &express{ExecutableSchema: schema, resolver: r, query: t.query, payload: sendPayloadInBulk(t)}
}

// Exec is [graphql.ExecutableSchema]'s.
func (e *express) Exec(ctx context.Context) graphql.ResponseHandler {
	op := guard.OperationOf(graphql.GetOperationContext(ctx))
	if op == nil { // an event
		return e.ExecutableSchema.Exec(ctx)
	}
	execute := guard.Memo(op, compiledKey{}, func() execution { return e.compile(op.Definition) })
	if execute == nil {
		return e.ExecutableSchema.Exec(ctx)
	}
	var below graphql.ResponseHandler
	return func(ctx context.Context) *graphql.Response {
		if below == nil {
			var data []byte
			if data, ctx = execute(ctx, graphql.GetOperationContext(ctx).Variables); data != nil {
				below = graphql.OneShot(nil)
				below(ctx)
				return &graphql.Response{Data: data}
			}
			below = e.ExecutableSchema.Exec(ctx)
		}
		return below(ctx)
	}
}

// compile returns what executes an operation; nil where that is for the schema below.
func (e *express) compile(op *ast.OperationDefinition) execution {
	switch op.Operation {
	case ast.Query:
		load, err := e.query.Compile([]ast.SelectionSet{op.SelectionSet})
		if err != nil {
			return nil
		}
		return func(ctx context.Context, vars map[string]any) ([]byte, context.Context) {
			return e.execute(ctx, load, vars), ctx
		}
	case ast.Mutation:
		return e.compileSend(op)
	default:
		return nil
	}
}

// execute returns the data of a query; nil where it failed, so that the schema below finds out what there is to say of it.
func (e *express) execute(ctx context.Context, load bulk.Loader[*asked], vars map[string]any) (data []byte) {
	defer func() {
		if what := recover(); what != nil {
			_ = e.resolver.panicked(ctx, what)
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
