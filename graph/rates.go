package graph

import (
	"context"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"parley/internal/auth"
	"parley/internal/chat"
	"parley/internal/limit"
)

// rates refuses operations that come too often, and queries that cost too much together, before the database is asked.
type rates struct{ gates limit.Gates }

var _ interface {
	graphql.HandlerExtension
	graphql.OperationContextMutator
} = rates{}

// ExtensionName names the extension.
func (rates) ExtensionName() string { return "Rates" }

// Validate has nothing to look at in the schema.
func (rates) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext counts an operation, or refuses it. The application's own back end is not counted.
func (r rates) MutateOperationContext(ctx context.Context, op *graphql.OperationContext) *gqlerror.Error {
	who, _ := auth.FromContext(ctx)
	if who.Admin {
		return nil
	}
	switch op.Operation.Operation {
	case ast.Mutation:
		return r.mutation(ctx, who.ID, op)
	case ast.Subscription:
		if wait := r.gates.Subscriptions.Take(ctx, who.ID, 1); wait > 0 {
			return tooOften("Too many new subscriptions. Try again later.", wait)
		}
	default: // for queries see query
	}
	return nil
}

// query takes the cost of a query from what its caller may spend, or returns RATE_LIMITED. Services are exempt.
func (r rates) query(ctx context.Context, op *graphql.OperationContext, cost int) *gqlerror.Error {
	if op.Operation.Operation != ast.Query {
		return nil
	}
	who, _ := auth.FromContext(ctx)
	if who.Admin {
		return nil
	}
	if wait := r.gates.Queries.Take(ctx, who.ID, max(1, cost)); wait > 0 {
		return tooOften("Your queries ask for too much in a short time. Try again later.", wait)
	}
	return nil
}

// mutation counts each field of a mutation, and those that sign somebody in once more, for whom they do.
func (r rates) mutation(ctx context.Context, person string, op *graphql.OperationContext) *gqlerror.Error {
	if r.gates.Mutations == nil && r.gates.SignIns == nil {
		return nil
	}
	fields := changes(op)
	if wait := r.gates.Mutations.Take(ctx, person, max(1, len(fields))); wait > 0 {
		return tooOften("Too many changes. Try again later.", wait)
	}
	for _, field := range fields {
		if field.Name != "signIn" {
			continue
		}
		named, _ := field.ArgumentMap(op.Variables)["userId"].(string)
		if wait := r.gates.SignIns.Take(ctx, strings.Clone(named), 1); wait > 0 {
			r.gates.Mutations.GiveBack(ctx, person, max(1, len(fields)))
			return tooOften("Too many sign-ins. Try again later.", wait)
		}
	}
	return nil
}

// changes are the fields of a mutation.
func changes(op *graphql.OperationContext) (fields []*ast.Field) {
	for _, field := range graphql.CollectFields(op, op.Operation.SelectionSet, []string{"Mutation"}) {
		fields = append(fields, field.Field)
	}
	return fields
}

func tooOften(message string, wait time.Duration) *gqlerror.Error {
	return &gqlerror.Error{Message: message, Extensions: map[string]any{
		"code": string(chat.RateLimited), "retryAfterMs": wait.Milliseconds(),
	}}
}
