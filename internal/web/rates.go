package web

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"parley/internal/auth"
	"parley/internal/limit"
)

// allowConnection returns a refusal if the client of ctx opens connections too often. The
// application's own back end (an admin) is exempt.
func allowConnection(ctx context.Context, limiters limit.RateLimiters) *refusal {
	identity, _ := auth.FromContext(ctx)
	if identity.Admin {
		return nil
	}
	if wait := limiters.Connections.Take(ctx, identity.ID, 1); wait > 0 {
		return rateLimited("Too many new connections. Try again later.", wait)
	}
	return nil
}

// rateLimited returns a refusal with 429, and with wait as the time to retry.
func rateLimited(message string, wait time.Duration) *refusal {
	return &refusal{
		status:     http.StatusTooManyRequests,
		code:       codeRateLimited,
		message:    message,
		retryAfter: wait,
		header:     map[string]string{"Retry-After": retryAfter(wait.Milliseconds())},
	}
}

// retryAfter returns the value of a Retry-After header: whole seconds (RFC 9110, section 10.2.3).
func retryAfter(ms int64) string { return strconv.FormatInt((ms+999)/1000, 10) }

// retryAfterOf returns the time until a retry of the first error, in milliseconds. ok is false if
// it has none.
func retryAfterOf(errs gqlerror.List) (ms int64, ok bool) {
	if len(errs) == 0 {
		return 0, false
	}
	ms, ok = errs[0].Extensions["retryAfterMs"].(int64)
	return ms, ok
}
