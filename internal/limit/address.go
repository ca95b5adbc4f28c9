package limit

import (
	"context"
	"net/netip"
)

type contextKey struct{}

// NewContext returns a context that carries the address of a request's client.
func NewContext(ctx context.Context, address netip.Addr) context.Context {
	return context.WithValue(ctx, contextKey{}, address)
}

// Address returns the client's address that ctx carries. It is not valid if ctx carries none.
func Address(ctx context.Context) netip.Addr {
	address, _ := ctx.Value(contextKey{}).(netip.Addr)
	return address
}

// Network returns the address that limits count address as: an IPv4 address itself, and the first
// address of the /64 network of an IPv6 address, because one IPv6 customer, often one machine, has
// a whole /64 (RFC 6177).
func Network(address netip.Addr) netip.Addr {
	address = address.Unmap().WithZone("")
	if address.Is6() {
		if prefix, err := address.Prefix(64); err == nil {
			return prefix.Addr()
		}
	}
	return address
}
