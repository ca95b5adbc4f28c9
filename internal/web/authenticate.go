package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"parley/internal/auth"
)

// Verifier tells who a token belongs to. Its errors are of type [*auth.Error]; any other, and one
// with the reason [auth.KeysUnavailable], means that it could not find out.
type Verifier interface {
	Verify(ctx context.Context, token string) (auth.Identity, error)
}

// keysRetryAfter is when to try again while the key set cannot be fetched.
const keysRetryAfter = 5 * time.Second

// authenticated puts the identity that the Authorization header proves into the request's context.
// Without the header a request goes on with none: what strangers may do is for the operations to
// say.
func authenticated(verifier Verifier, log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := r.Header.Get("Authorization")
		if header == "" {
			next.ServeHTTP(w, r)
			return
		}
		token, ok := auth.Bearer(header)
		if !ok {
			refuse(w, unauthenticated("Authorization must be: Bearer, a space, and a token."))
			return
		}
		ctx, f := identify(r.Context(), verifier, log, token)
		if f != nil {
			refuse(w, f)
			return
		}
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// identify returns ctx with the identity that token proves. It takes at most authenticationTimeout.
func identify(
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
		log.DebugContext(ctx, "token refused", "reason", refused.Reason)
		return ctx, unauthenticated(refused.Message)
	}
	level, again := slog.LevelWarn, keysRetryAfter
	if refused := (*auth.Error)(nil); errors.As(err, &refused) && refused.RetryAfter > 0 {
		// The key set is fine. Tokens with made-up key ids get here, too, and must not fill the
		// log.
		level, again = slog.LevelDebug, refused.RetryAfter
	}
	log.Log(ctx, level, "tokens cannot be verified", "error", err, "cause", errors.Unwrap(err))
	return ctx, &refusal{
		status:     http.StatusServiceUnavailable,
		code:       codeUnavailable,
		message:    "Tokens cannot be verified just now. Try again.",
		retryAfter: again,
		header:     map[string]string{"Retry-After": retryAfter(again.Milliseconds())},
	}
}

// unauthenticated is what RFC 6750, section 3 asks for.
func unauthenticated(message string) *refusal {
	return &refusal{
		status:  http.StatusUnauthorized,
		code:    codeUnauthenticated,
		message: message,
		header:  map[string]string{"WWW-Authenticate": `Bearer error="invalid_token"`},
	}
}
