// Package exec executes GraphQL operations breadth first: it resolves each field of the operation
// once, for all objects of the response that the field is selected of, and then writes the whole
// response as JSON from top to bottom (GraphQL specification, section "Execution").
//
// A [Schema] says how to resolve and complete the fields of each type. gqlgen's plugin in
// graph/plugin generates it. [Schema.Plan] compiles an operation for the values of the variables in
// its @skip and @include; a [Plan] is executed as often as the operation is. Both are safe for
// concurrent use.
//
// Errors follow the specification: a field that fails is null, and where null is not allowed the
// error moves to the nearest parent that may be null. A resolver that panics fails its own field.
package exec

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Schema is what can be executed.
type Schema struct {
	Query    *Object[Root]
	Mutation *Object[Root]
	// Events are the fields of subscriptions by name. Their values come from outside of the
	// package.
	Events map[string]Event
}

// Root is the object that queries and mutations begin with.
type Root struct{}

// Plan is an operation that is ready to be executed.
type Plan struct {
	// root resolves queries and mutations, event one field of a subscription.
	root  completer[Root]
	event func(r *run, values any) (encoder, int, error)
	alias string
	// arguments check the arguments of the fields.
	arguments []func(r *run, check ArgumentsCheck) error
	// marks are the directives that the schema has on the fields that are selected.
	marks map[string]bool
	// size is the length of the last response, in bytes: the next one will be about as long.
	size atomic.Int64
}

// maxFirstBytes bounds the memory that a response gets at first.
const maxFirstBytes = 256 << 10

// writer returns a writer for a response.
func (p *Plan) writer() writer {
	return writer{
		b:    make([]byte, 0, min(p.size.Load()+p.size.Load()/8+64, maxFirstBytes)),
		path: make([]segment, 0, 8),
	}
}

// Request is one execution of a plan.
type Request struct {
	// Variables are the coerced values of the variables.
	Variables map[string]any
	// Present turns an error of a resolver into that of the response. It is called once for each
	// call of a resolver that fails. path has names only: a call is for many objects.
	Present func(ctx context.Context, path ast.Path, err error) *gqlerror.Error
	// Recover turns a panic into an error.
	Recover graphql.RecoverFunc
	// MutationField returns the context for a root field of a mutation, and for all below it.
	MutationField func(context.Context) context.Context
}

// run is a request that is executed.
type run struct {
	*Request
	// ctx is the context of the field that is resolved.
	ctx context.Context //nolint:containedctx // it lives as long as the execution
}

// newRun returns an execution. gqlgen looks in the context for the parent of each field: it finds one
// here, before it has searched all that the request's context is made of.
func newRun(ctx context.Context, request *Request) *run {
	return &run{Request: request, ctx: graphql.WithFieldContext(ctx, &graphql.FieldContext{})}
}

// encoder writes the value at i. It returns false for a null that is not allowed here: then the value
// of the caller is null instead, and the bytes written are undefined.
type encoder func(w *writer, i int) bool

// completer resolves all that is selected of values, and returns what writes them.
type completer[V any] func(r *run, values []V) encoder

// Plan compiles op, one operation of doc, for variables. It returns nil for an operation that asks
// for the schema: gqlgen executes those.
func (s *Schema) Plan(op *ast.OperationDefinition, variables map[string]any) *Plan {
	c := &compiler{
		variables: variables, mutation: op.Operation == ast.Mutation, marks: map[string]bool{},
	}
	p := &Plan{marks: c.marks}
	sets := []ast.SelectionSet{op.SelectionSet}
	switch op.Operation {
	case ast.Mutation:
		p.root = s.Mutation.compile(c, sets)
	case ast.Subscription:
		fields := c.collect("Subscription", nil, sets)
		if len(fields) != 1 {
			return nil
		}
		event, ok := s.Events[fields[0].field.Name]
		if !ok {
			return nil
		}
		p.alias = fields[0].field.Alias
		p.event = event(c, fields[0])
	default:
		p.root = s.Query.compile(c, sets)
	}
	if c.needsGqlgen {
		return nil
	}
	p.arguments = c.arguments
	return p
}

// Arguments calls check with the arguments of each field that a resolver computes and that has some,
// except for the root field of a subscription. It returns the first error: that of check, or that of
// a value that is none of its type.
func (p *Plan) Arguments(ctx context.Context, request *Request, check ArgumentsCheck) error {
	r := &run{Request: request, ctx: ctx}
	for _, each := range p.arguments {
		if err := each(r, check); err != nil {
			return err
		}
	}
	return nil
}

// Selects reports whether the plan selects a field that has a directive in the schema.
func (p *Plan) Selects(directive string) bool { return p.marks[directive] }

// Execute executes a query or mutation. data is null where a root field failed that cannot be null.
func (p *Plan) Execute(ctx context.Context, request *Request) (data []byte, errs gqlerror.List) {
	r := newRun(ctx, request)
	defer func() {
		if what := recover(); what != nil { // no resolver's: those fail their field
			err := request.Present(ctx, nil, request.Recover(ctx, what))
			data, errs = []byte("null"), gqlerror.List{err}
		}
	}()
	encode := p.root(r, make([]Root, 1))
	w := p.writer()
	if !encode(&w, 0) {
		return []byte("null"), w.errs
	}
	p.size.Store(int64(len(w.b)))
	return w.b, w.errs
}

// Response is what a subscription's event shows.
type Response struct {
	Data   []byte
	Errors gqlerror.List
}

// ExecuteEvents executes a subscription for events, which are a slice of the type that its field
// has in Go. The responses are in their order.
func (p *Plan) ExecuteEvents(
	ctx context.Context, request *Request, events any,
) (responses []Response, err error) {
	r := newRun(ctx, request)
	defer func() {
		if what := recover(); what != nil { // no resolver's: those fail their field
			responses, err = nil, request.Recover(ctx, what)
		}
	}()
	encode, n, err := p.event(r, events)
	if err != nil {
		return nil, err
	}
	responses = make([]Response, n)
	for i := range responses {
		w := p.writer()
		w.b = appendKey(append(w.b, '{'), p.alias)
		w.push(p.alias)
		if encode(&w, i) {
			w.b = append(w.b, '}')
			p.size.Store(int64(len(w.b)))
		} else {
			w.b = append(w.b[:0], "null"...)
		}
		responses[i] = Response{Data: w.b, Errors: w.errs}
	}
	return responses, nil
}

// Event compiles a field of a subscription.
type Event func(c *compiler, f *selected) func(r *run, events any) (encoder, int, error)

var errEvents = errors.New("the events are of another type than the subscription's field")

// EventOf is the field of a subscription whose events are of Go type V.
func EventOf[V any](of Type[V]) Event {
	return func(c *compiler, f *selected) func(r *run, events any) (encoder, int, error) {
		complete := of(c, f)
		return func(r *run, events any) (encoder, int, error) {
			values, ok := events.([]V)
			if !ok {
				return nil, 0, errEvents
			}
			return complete(r, values), len(values), nil
		}
	}
}
