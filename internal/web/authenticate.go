package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"parley/internal/auth"
)

// Verifier verifies tokens. If a token is invalid, Verify returns an [*auth.Error]. Other errors,
// and those with the reason [auth.KeysUnavailable], mean that the token could not be verified.
// Verify must be safe for concurrent use.
type Verifier interface {
	Verify(ctx context.Context, token string) (auth.Identity, error)
}

// keysRetryAfter is when clients should retry if the key set cannot be fetched.
const keysRetryAfter = 5 * time.Second

// withIdentity adds the identity of the token in the Authorization header to the request's context.
// Requests without the header have no identity: the operations decide what anonymous clients may
// do.
func withIdentity(verifier Verifier, log *slog.Logger, next http.Handler) http.Handler {
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
		ctx, f := verifyToken(r.Context(), verifier, log, token)
		if f != nil {
			refuse(w, f)
			return
		}
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// verifyToken returns ctx with the identity of token, or a refusal. It takes at most
// authenticationTimeout.
func verifyToken(
	ctx context.Context, verifier Verifier, log *slog.Logger, token string,
) (context.Context, *refusal) {
	verify, cancel := context.WithTimeout(ctx, authenticationTimeout)
	defer cancel()
	identity, err := verifier.Verify(verify, token)
	if err == nil {
		return auth.NewContext(ctx, identity), nil
	}
	if refused := (*auth.Error)(
		nil,
	); errors.As(err, &refused) &&
		refused.Reason != auth.KeysUnavailable {
		log.DebugContext(ctx, "token rejected", "reason", refused.Reason)
		return ctx, unauthenticated(refused.Message)
	}
	level, again := slog.LevelWarn, keysRetryAfter
	if refused := (*auth.Error)(nil); errors.As(err, &refused) && refused.RetryAfter > 0 {
		// The key set is available. Tokens with forged key ids have this error, too, and must not
		// fill the log.
		level, again = slog.LevelDebug, refused.RetryAfter
	}
	log.Log(ctx, level, "tokens cannot be verified", "error", err, "cause", errors.Unwrap(err))
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
