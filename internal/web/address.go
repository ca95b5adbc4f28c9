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

// Proxies are the proxies that are trusted to name the client's address. The zero value trusts
// none. docs/adr/0070 compares it with realclientip-go.
type Proxies struct {
	// Trusted are the networks of the proxies.
	Trusted []netip.Prefix
	// Forwarded selects the header Forwarded (RFC 7239) instead of X-Forwarded-For. Only one can be
	// trusted, because a proxy passes on the other one as the client has sent it.
	Forwarded bool
}

// withAddress adds the client's address, to which limits apply, to the request's context (package
// limit). It warns once about a proxy that is not trusted. Except in development it also warns once
// about requests from this machine without a forwarding header: if a proxy sends them, all of its
// clients share the limits of one address.
func withAddress(
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

// IsProbe reports whether path is for orchestrators and monitoring, which often run on this
// machine.
func IsProbe(path string) bool {
	return path == "/healthz" || path == "/readyz" || path == "/metrics"
}

// Client returns the address of the client: the last address in the chain of proxies that is not
// trusted, because the client may have forged the earlier ones. If all are trusted it is the first
// one. If an entry is not an address (RFC 7239 allows "unknown" and "_hidden") it is the proxy that
// wrote the entry. ignored reports that there is a header, but the peer is not trusted.
func (p Proxies) Client(r *http.Request) (address netip.Addr, ignored bool) {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}, false // not a network connection
	}
	address = normalize(peer.Addr())
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

// parseNode parses an address, with or without a port. IPv6 addresses may be in brackets (RFC 7239,
// section 6).
func parseNode(text string) (netip.Addr, bool) {
	if address, err := netip.ParseAddr(
		strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"),
	); err == nil {
		return normalize(address), true
	}
	with, err := netip.ParseAddrPort(text)
	return normalize(with.Addr()), err == nil
}

// normalize returns an address in the form of the settings.
func normalize(address netip.Addr) netip.Addr { return address.Unmap().WithZone("") }
