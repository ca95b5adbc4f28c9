// Package reqid carries the id of a request from the edge, where it is chosen, to whatever logs or
// reports about it.
package reqid

import (
	"context"
	"crypto/rand"
	"strings"
)

// MaxLen is the longest id, in bytes, that is taken over from a client or a proxy.
const MaxLen = 128

type (
	contextKey   struct{}
	operationKey struct{}
)

// New returns a fresh id: 26 letters and digits with 130 random bits.
func New() string { return rand.Text() }

// Valid reports whether the id of a client or a proxy is safe in headers and logs: 1 to [MaxLen] letters, digits, dots, colons, hyphens and underscores.
func Valid(id string) bool {
	if id == "" || len(id) > MaxLen {
		return false
	}
	for _, c := range []byte(id) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '.', c == ':', c == '-', c == '_':
		default:
			return false
		}
	}
	return true
}

// NewContext returns a context that carries id.
func NewContext(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, contextKey{}, id)
}

// FromContext returns the id of the request that ctx belongs to, or "" outside of one.
func FromContext(ctx context.Context) string {
	id, _ := ctx.Value(contextKey{}).(string)
	return id
}

// WithOperation returns a context for one of the operations that a connection carries, whose
// request is the one that opened it. id is the client's own, of which no more than [MaxLen] bytes
// are kept.
func WithOperation(ctx context.Context, id string) context.Context {
	if len(id) > MaxLen {
		id = strings.ToValidUTF8(id[:MaxLen], "")
	}
	return context.WithValue(ctx, operationKey{}, id)
}

// Operation returns the id of the operation that ctx belongs to, or "" where there is none but the
// request.
func Operation(ctx context.Context) string {
	id, _ := ctx.Value(operationKey{}).(string)
	return id
}
