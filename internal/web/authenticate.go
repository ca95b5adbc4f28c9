package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"parley/internal/auth"
	"parley/internal/limit"
)

// Verifier verifies tokens. If a token is invalid, Verify returns an [*auth.Error]. Other errors,
// and those with the reason [auth.KeysUnavailable], mean that the token could not be verified.
// The methods must be safe for concurrent use.
type Verifier interface {
	// Known returns the identity of a token that Verify has accepted lately, at no cost worth
	// counting.
	Known(token string) (identity auth.Identity, ok bool)
	Verify(ctx context.Context, token string) (auth.Identity, error)
}

// keysRetryAfter is when clients should retry if the key set cannot be fetched.
const keysRetryAfter = 5 * time.Second

// authenticator verifies the tokens of clients. It limits the rejected ones for each address, since
// verifying a signature costs more than the rest of such a request.
type authenticator struct {
	verifier Verifier
	rejected *limit.RateLimiter
	log      *slog.Logger
}

// withIdentity adds the identity of the token in the Authorization header to the request's context.
// Requests without the header have no identity: the operations decide what anonymous clients may
// do.
func (a *authenticator) withIdentity(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := r.Header.Get("Authorization")
		if header == "" {
			next.ServeHTTP(w, r)
			return
		}
		token, ok := auth.Bearer(header)
		if !ok {
			refuse(
				w,
				unauthenticated("The Authorization header must be: Bearer, a space, and a token."),
			)
			return
		}
		ctx, f := a.identify(r.Context(), token)
		if f != nil {
			refuse(w, f)
			return
		}
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// identify returns ctx with the identity of token, or a refusal. It takes at most
// authenticationTimeout.
//
// If too many tokens from the address have been rejected, identify accepts known tokens only. So an
// attacker who shares an address with users locks out new tokens, but not those in use.
func (a *authenticator) identify(
	ctx context.Context, token string,
) (context.Context, *refusal) {
	if identity, ok := a.verifier.Known(token); ok {
		return auth.NewContext(ctx, identity), nil
	}
	if wait := a.rejected.Take(ctx, "", 1); wait > 0 {
		return ctx, rateLimited(
			"Too many tokens from your address are invalid. Try again later.",
			wait,
		)
	}
	verify, cancel := context.WithTimeout(ctx, authenticationTimeout)
	defer cancel()
	identity, err := a.verifier.Verify(verify, token)
	if err == nil {
		a.rejected.Refund(ctx, "", 1)
		return auth.NewContext(ctx, identity), nil
	}
	refused, ok := errors.AsType[*auth.Error](err)
	if ok && refused.Reason != auth.KeysUnavailable {
		a.log.DebugContext(ctx, "token rejected", "reason", refused.Reason)
		return ctx, unauthenticated(refused.Message)
	}
	level, again := slog.LevelWarn, keysRetryAfter
	if ok && refused.RetryAfter > 0 {
		// The key set is available. Tokens with forged key ids have this error, too, and must not
		// fill the log.
		level, again = slog.LevelDebug, refused.RetryAfter
	} else {
		a.rejected.Refund(ctx, "", 1)
	}
	a.log.Log(ctx, level, "tokens cannot be verified", "error", err, "cause", errors.Unwrap(err))
	return ctx, &refusal{
		status:     http.StatusServiceUnavailable,
		code:       codeUnavailable,
		message:    "Tokens cannot be verified now. Try again.",
		retryAfter: again,
		header:     map[string]string{"Retry-After": retryAfter(again.Milliseconds())},
	}
}

// unauthenticated returns the refusal that RFC 6750, section 3 requires.
func unauthenticated(message string) *refusal {
	return &refusal{
		status:  http.StatusUnauthorized,
		code:    codeUnauthenticated,
		message: message,
		header:  map[string]string{"WWW-Authenticate": `Bearer error="invalid_token"`},
	}
}
