package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"parley/internal/auth"
)

// Verifier tells who a token belongs to. Its errors are of type [*auth.Error]; any other, and one with the reason
// [auth.KeysUnavailable], means that it could not find out.
type Verifier interface {
	Verify(ctx context.Context, token string) (auth.Identity, error)
}

// authenticated puts the identity that the Authorization header proves into the request's context. Without the header a
// request goes on with none: what strangers may do is for the operations to say.
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

// identify returns ctx with the identity that token proves.
func identify(ctx context.Context, verifier Verifier, log *slog.Logger, token string) (context.Context, *refusal) {
	identity, err := verifier.Verify(ctx, token)
	if err == nil {
		return auth.NewContext(ctx, identity), nil
	}
	if refused := (*auth.Error)(nil); errors.As(err, &refused) && refused.Reason != auth.KeysUnavailable {
		log.DebugContext(ctx, "token refused", "reason", refused.Reason)
		return ctx, unauthenticated(refused.Message)
	}
	log.WarnContext(ctx, "tokens cannot be verified", "error", err, "cause", errors.Unwrap(err))
	return ctx, &refusal{
		status:  http.StatusServiceUnavailable,
		code:    codeUnavailable,
		message: "Tokens cannot be verified just now. Try again.",
		header:  map[string]string{"Retry-After": "5"},
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
