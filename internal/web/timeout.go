package web

import (
	"context"
	"errors"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"parley/internal/live"
)

// errTimeLimit is the cause of a context that ended because an operation exceeded its time limit.
var errTimeLimit = errors.New("the operation exceeded its time limit")

// authenticationTimeout bounds the verification of one token, which may fetch the issuer's key set.
const authenticationTimeout = 10 * time.Second

// withTimeLimit returns a context that ends after limit with the cause errTimeLimit.
func withTimeLimit(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, limit, errTimeLimit)
}

// timeoutResponse returns the response to an operation that exceeded its time limit.
func timeoutResponse() *graphql.Response {
	return &graphql.Response{Errors: gqlerror.List{{
		Message:    "The operation took too long. Try again.",
		Extensions: map[string]any{"code": codeUnavailable},
	}}}
}

// limited returns subscribe with a time limit for the setup of a subscription. The subscription
// itself has none.
func withSetupTimeout(subscribe Subscribe, limit time.Duration) Subscribe {
	return func(
		ctx context.Context, op *graphql.OperationContext, lastEventID string,
	) (live.Subscriber, gqlerror.List) {
		ctx, cancel := withTimeLimit(ctx, limit)
		defer cancel()
		return subscribe(ctx, op, lastEventID)
	}
}
