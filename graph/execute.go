package graph

import (
	"context"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"parley/graph/exec"
	"parley/graph/guard"
)

// executable executes operations by graph/exec. Operations that ask for the schema, too, are
// executed by gqlgen, over the same resolvers.
type executable struct {
	graphql.ExecutableSchema
	tables   *exec.Schema
	resolver *Resolver
}

// Exec is [graphql.ExecutableSchema]'s.
func (e *executable) Exec(ctx context.Context) graphql.ResponseHandler {
	op := graphql.GetOperationContext(ctx)
	plan := e.plan(op)
	if plan == nil {
		return e.ExecutableSchema.Exec(ctx)
	}
	answered := false
	return func(ctx context.Context) *graphql.Response {
		if answered {
			return nil
		}
		answered = true
		data, errs := plan.Execute(ctx, e.resolver.request(op))
		return &graphql.Response{Data: data, Errors: errs}
	}
}

// request is one execution of an operation.
func (r *Resolver) request(op *graphql.OperationContext) *exec.Request {
	request := &exec.Request{
		Variables: op.Variables,
		Present: func(ctx context.Context, path ast.Path, err error) *gqlerror.Error {
			return r.present(ctx, gqlerror.WrapPath(path, err))
		},
		Recover: r.panicked,
	}
	if op.Operation.Operation == ast.Mutation { // see isMutation
		request.RootField = r.withScope
	}
	return request
}

// plansKey is where a prepared operation has its plans.
type plansKey struct{}

// plans are those of an operation, by the values of the variables in its @skip and @include.
type plans struct {
	conditions []string

	mu       sync.Mutex
	byValues map[string]*exec.Plan
}

// maxPlans bounds the plans of one operation: screens have few forms.
const maxPlans = 8

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
	if len(known.byValues) >= maxPlans {
		clear(known.byValues)
	}
	known.byValues[string(values)] = plan
	return plan
}
