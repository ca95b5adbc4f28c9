// Package auth turns tokens into people: it verifies JSON Web Tokens (RFC 7519) and says who is
// asking.
//
// The operator's configuration decides how a token must be signed, never the token: HS256 with a
// shared secret, or RS256, ES256 and EdDSA with the public keys of a JSON Web Key Set (RFC 7517).
//
// The claims read are sub (required), exp (required), nbf, iss, aud, name, picture and admin. A
// [ClaimMap] renames those of the user.
package auth

import (
	"context"
	"time"
)

// Identity is who a verified token says is asking.
type Identity struct {
	// ID is the token's sub as given: 1 to 128 characters, valid UTF-8 without control characters.
	ID string
	// Name and Picture are the token's claims of those names, without control characters. They are
	// empty where the token says nothing, and bounded by nothing but the size of a token: a caller
	// that stores them sets the limits.
	Name, Picture string
	// Admin is the token's admin claim, a boolean. It is false where the token says nothing.
	Admin bool
	// ExpiresAt is the instant, in UTC, from which on the token is worth nothing: never zero.
	ExpiresAt time.Time
}

type contextKey struct{}

// NewContext returns a context that carries who is asking.
func NewContext(ctx context.Context, identity Identity) context.Context {
	return context.WithValue(ctx, contextKey{}, identity)
}

// FromContext returns the identity of the caller. ok is false for an anonymous caller.
func FromContext(ctx context.Context) (identity Identity, ok bool) {
	identity, ok = ctx.Value(contextKey{}).(Identity)
	return identity, ok
}
