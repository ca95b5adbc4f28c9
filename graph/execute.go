package graph

import (
	"context"
	"errors"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"parley/graph/exec"
	"parley/graph/generated"
	"parley/graph/guard"
)

// executable executes operations by graph/exec. Operations that ask for the schema, too, are
// executed by gqlgen, over the same resolvers.
type executable struct {
	graphql.ExecutableSchema
	tables *exec.Schema
	// base is what all requests have in common.
	base exec.Request
}

// Exec is [graphql.ExecutableSchema]'s.
func (e *executable) Exec(ctx context.Context) graphql.ResponseHandler {
	op := graphql.GetOperationContext(ctx)
	plan := e.plan(op)
	if plan == nil {
		return e.ExecutableSchema.Exec(ctx)
	}
	request, answered := e.request(op), false
	return func(ctx context.Context) *graphql.Response {
		if answered {
			return nil
		}
		answered = true
		data, errs := plan.Execute(ctx, request)
		return &graphql.Response{Data: data, Errors: errs}
	}
}

// newExecutable returns an executable for the resolvers of a schema.
func newExecutable(schema graphql.ExecutableSchema, r *Resolver) *executable {
	return &executable{
		ExecutableSchema: schema,
		tables:           generated.NewExecSchema(schema),
		// A mutation's payload must not find in its scope what a mutation before it has changed.
		base: exec.Request{
			Present: r.presentAt, Recover: r.recoverPanic, MutationField: r.withScope,
		},
	}
}

// request is one execution of an operation.
func (e *executable) request(op *graphql.OperationContext) *exec.Request {
	request := e.base
	request.Variables = op.Variables
	return &request
}

// presentAt presents an error of a field. Errors of arguments have a path already.
func (r *Resolver) presentAt(ctx context.Context, path ast.Path, err error) *gqlerror.Error {
	if _, ok := errors.AsType[*gqlerror.Error](err); !ok {
		err = gqlerror.WrapPath(path, err)
	}
	return r.present(ctx, err)
}

// plansKey is where a prepared operation has its plans.
type plansKey struct{}

// plans are those of an operation, by the values of the variables in its @skip and @include.
type plans struct {
	conditions []string

	mu       sync.Mutex
	byValues map[string]*exec.Plan
}

// plan returns the plan of a prepared operation; nil where the operation asks for the schema.
func (e *executable) plan(op *graphql.OperationContext) *exec.Plan {
	prepared := guard.OperationOf(op)
	known := guard.Memo(prepared, plansKey{}, func() *plans {
		return &plans{
			conditions: exec.Conditions(prepared.Definition),
			byValues:   map[string]*exec.Plan{},
		}
	})
	var values []byte
	for _, name := range known.conditions {
		value := byte('-')
		if given, ok := op.Variables[name]; ok {
			value = '0'
			if given == true {
				value = '1'
			}
		}
		values = append(values, value)
	}
	known.mu.Lock()
	plan, ok := known.byValues[string(values)]
	known.mu.Unlock()
	if ok {
		return plan
	}
	plan = e.tables.Plan(prepared.Definition, op.Variables)
	known.mu.Lock()
	defer known.mu.Unlock()
	if len(known.byValues) >= guard.MaxPlans {
		clear(known.byValues)
	}
	known.byValues[string(values)] = plan
	return plan
}
