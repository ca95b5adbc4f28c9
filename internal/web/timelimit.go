package web

import (
	"context"
	"errors"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

var errTimeLimit = errors.New("operation ran into its time limit")

// timeLimit ends the context of queries and mutations, on every transport. Subscriptions last as long as their clients.
type timeLimit struct{ limit time.Duration }

var _ interface {
	graphql.HandlerExtension
	graphql.OperationInterceptor
} = timeLimit{}

func (timeLimit) ExtensionName() string { return "TimeLimit" }

func (timeLimit) Validate(graphql.ExecutableSchema) error { return nil }

func (t timeLimit) InterceptOperation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	if graphql.GetOperationContext(ctx).Operation.Operation == ast.Subscription {
		return next(ctx)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, t.limit, errTimeLimit)
	responses := next(ctx)
	answered := false // transports of streams ask until there is nothing more
	return func(ctx context.Context) *graphql.Response {
		defer cancel()
		if answered {
			return nil
		}
		answered = true
		response := responses(ctx)
		if response == nil && errors.Is(context.Cause(ctx), errTimeLimit) {
			return &graphql.Response{Errors: gqlerror.List{{
				Message:    "The operation took too long. Try again.",
				Extensions: map[string]any{"code": codeUnavailable},
			}}}
		}
		return response
	}
}
