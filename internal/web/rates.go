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

// connect refuses a connection if the caller of ctx has opened too many of late. The application's own
// back end is exempt.
func connect(ctx context.Context, limiters limit.RateLimiters) *refusal {
	who, _ := auth.FromContext(ctx)
	if who.Admin {
		return nil
	}
	if wait := limiters.Connections.Take(ctx, who.ID, 1); wait > 0 {
		return tooOften("Too many new connections. Try again later.", wait)
	}
	return nil
}

func tooOften(message string, wait time.Duration) *refusal {
	return &refusal{
		status:     http.StatusTooManyRequests,
		code:       codeRateLimited,
		message:    message,
		retryAfter: wait,
		header:     map[string]string{"Retry-After": retryAfter(wait.Milliseconds())},
	}
}

// retryAfter is a time in whole seconds (RFC 9110, section 10.2.3).
func retryAfter(ms int64) string { return strconv.FormatInt((ms+999)/1000, 10) }

// retryAfterOf is how many milliseconds an error asks to wait, if it does.
func retryAfterOf(errs gqlerror.List) (ms int64, ok bool) {
	if len(errs) == 0 {
		return 0, false
	}
	ms, ok = errs[0].Extensions["retryAfterMs"].(int64)
	return ms, ok
}
