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

// Proxies says who is believed that a request comes from somebody else. The zero value believes
// nobody.
type Proxies struct {
	// Trusted are the networks of the proxies.
	Trusted []netip.Prefix
	// Forwarded: they say it in the header Forwarded (RFC 7239) instead of X-Forwarded-For. Only
	// one of the two can be believed: a proxy passes on as it is what it does not know, which then
	// is the client's own invention.
	Forwarded bool
}

// addressed gives each request the address that it comes from, for which limits count (package
// limit). Once each it warns of a proxy that is not trusted, and, except in development, of one on
// this machine that does not say where requests come from: all of its clients share the limits of
// one address.
func addressed(
	proxies Proxies,
	development bool,
	log *slog.Logger,
	next http.Handler,
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

// Client is the address of whom r comes from: the last in the chain of those who passed it on who
// is not trusted. What stands before that one in the header is only what it says. ignored: nobody
// on the chain was trusted, though there is one.
func (p Proxies) Client(r *http.Request) (address netip.Addr, ignored bool) {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}, false // no connection of the network
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
			break // somebody unknown, of whom the proxy is known
		}
		address = before
	}
	return address, false
}

func (p Proxies) trusts(address netip.Addr) bool {
	return slices.ContainsFunc(
		p.Trusted,
		func(network netip.Prefix) bool { return network.Contains(address) },
	)
}

// forwardedFor returns what an element of Forwarded says of whom it is for; "" where it does not.
// Quoted strings that hold commas or semicolons are nobody's address, and come out as that.
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

// plain is an address as it is written in settings.
func plain(address netip.Addr) netip.Addr { return address.Unmap().WithZone("") }
