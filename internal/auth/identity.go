// Package auth identifies callers: it verifies JSON Web Tokens (RFC 7519).
//
// The configuration, and never the token, selects the algorithm: HS256 with a shared secret, or RS256,
// ES256 and EdDSA with the public keys of a JSON Web Key Set (RFC 7517).
//
// It uses the claims sub (required), exp (required), nbf, iss, aud, name, picture and admin. A
// [ClaimMap] renames those of the user.
package auth

import (
	"context"
	"time"
)

// Identity is the caller that a verified token identifies.
type Identity struct {
	// ID is the token's sub, unchanged: 1 to 128 characters, valid UTF-8 without control characters.
	ID string
	// Name and Picture are the claims with these names, without control characters. They are empty if the
	// token lacks them. Only the size of a token limits them: a caller that stores them checks their
	// length.
	Name, Picture string
	// Admin is the token's admin claim, or false if the token lacks it.
	Admin bool
	// ExpiresAt is the time in UTC from which on the token is invalid. It is never zero.
	ExpiresAt time.Time
}

type contextKey struct{}

// NewContext returns a context that carries the identity of the caller.
func NewContext(ctx context.Context, identity Identity) context.Context {
	return context.WithValue(ctx, contextKey{}, identity)
}

// FromContext returns the identity of the caller. ok is false for an anonymous caller.
func FromContext(ctx context.Context) (identity Identity, ok bool) {
	identity, ok = ctx.Value(contextKey{}).(Identity)
	return identity, ok
}
