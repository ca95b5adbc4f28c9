package limit

import (
	"context"
	"net/netip"
)

type contextKey struct{}

// NewContext returns a context that carries the address that a request comes from.
func NewContext(ctx context.Context, address netip.Addr) context.Context {
	return context.WithValue(ctx, contextKey{}, address)
}

// Address is the address that what happens in ctx was asked from; it is not valid where nobody
// knows.
func Address(ctx context.Context) netip.Addr {
	address, _ := ctx.Value(contextKey{}).(netip.Addr)
	return address
}

// Network returns the address that stands for all addresses of one customer: with IPv6 a customer,
// often one machine, has 2^64 of them (RFC 6177).
func Network(address netip.Addr) netip.Addr {
	address = address.Unmap().WithZone("")
	if address.Is6() {
		if prefix, err := address.Prefix(64); err == nil {
			return prefix.Addr()
		}
	}
	return address
}
