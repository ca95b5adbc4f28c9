package web

import (
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"parley/internal/limit"
)

// Proxies are the proxies whose word about the client's address counts. The zero value trusts none.
// docs/adr/0070 compares it with realclientip-go.
type Proxies struct {
	// Trusted are the networks of the proxies.
	Trusted []netip.Prefix
	// Forwarded selects the header Forwarded (RFC 7239) instead of X-Forwarded-For. Only one can
	// count: a proxy passes on the other as the client has sent it.
	Forwarded bool
}

// addressed puts the client's address, to which limits apply, into the request's context (package
// limit). It warns once of a proxy that is not trusted and, except in development, once of one on
// this machine that sends no forwarding header: all of its clients share the limits of one address.
func addressed(
	proxies Proxies, development bool, log *slog.Logger, next http.Handler,
) http.Handler {
	var untrusted, silent sync.Once
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		address, ignored := proxies.Client(r)
		switch {
		case ignored:
			untrusted.Do(func() {
				log.WarnContext(
					r.Context(),
					"requests are forwarded by a proxy that is not trusted, "+
						"its clients share the limits of one address (PARLEY_TRUSTED_PROXIES)",
					"remote",
					r.RemoteAddr,
				)
			})
		case !development && address.IsLoopback() && !IsProbe(r.URL.Path):
			silent.Do(func() {
				log.WarnContext(
					r.Context(),
					"requests come from this machine without a forwarding header, "+
						"if a proxy passes them on, its clients share the limits of one address (PARLEY_PROXY_HEADER)",
					"remote",
					r.RemoteAddr,
				)
			})
		}
		next.ServeHTTP(w, r.WithContext(limit.NewContext(r.Context(), address)))
	})
}

// IsProbe reports whether a path is for orchestrators and monitoring, which often ask from this
// machine.
func IsProbe(path string) bool {
	return path == "/healthz" || path == "/readyz" || path == "/metrics"
}

// Client returns the address of the client: the last in the chain of proxies that is not trusted,
// since the header's entries before that one are its own claim. If all are trusted it is the first,
// and if an entry is not an address (RFC 7239 allows "unknown" and "_hidden") it is the proxy that
// wrote it. ignored reports that there is a header, but the peer is not trusted.
func (p Proxies) Client(r *http.Request) (address netip.Addr, ignored bool) {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}, false // not a network connection
	}
	address = plain(peer.Addr())
	header := "X-Forwarded-For"
	if p.Forwarded {
		header = "Forwarded"
	}
	chain := strings.Join(r.Header.Values(header), ",")
	if !p.trusts(address) {
		return address, chain != ""
	}
	for chain != "" && p.trusts(address) {
		last := chain
		if comma := strings.LastIndexByte(chain, ','); comma >= 0 {
			chain, last = chain[:comma], chain[comma+1:]
		} else {
			chain = ""
		}
		if p.Forwarded {
			last = forwardedFor(last)
		}
		before, ok := parseNode(strings.TrimSpace(last))
		if !ok {
			break
		}
		address = before
	}
	return address, false
}

func (p Proxies) trusts(address netip.Addr) bool {
	return slices.ContainsFunc(p.Trusted, func(n netip.Prefix) bool { return n.Contains(address) })
}

// forwardedFor returns the "for" parameter of an element of Forwarded, or "".
func forwardedFor(element string) string {
	for pair := range strings.SplitSeq(element, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		if strings.EqualFold(name, "for") {
			return strings.Trim(value, `"`)
		}
	}
	return ""
}

// parseNode reads an address, with or without a port, and in brackets where it is IPv6 (RFC 7239,
// section 6).
func parseNode(text string) (netip.Addr, bool) {
	if address, err := netip.ParseAddr(
		strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"),
	); err == nil {
		return plain(address), true
	}
	with, err := netip.ParseAddrPort(text)
	return plain(with.Addr()), err == nil
}

// plain returns an address as settings write it.
func plain(address netip.Addr) netip.Addr { return address.Unmap().WithZone("") }
