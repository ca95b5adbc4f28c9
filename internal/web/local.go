package web

import (
	"maps"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// localOnly refuses requests that do not come from this machine (see [Config].Development): those
// that address the server by another name than a loopback one, with 421, and those that a proxy or
// tunnel forwarded for another machine, with 403.
func localOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isLoopback(r.Host) {
			refuse(w, &refusal{
				status: http.StatusMisdirectedRequest,
				code:   codeForbidden,
				message: "This server runs in development mode and answers on localhost only. " +
					"To serve other host names, set PARLEY_JWT_SECRET or PARLEY_JWKS_URL.",
			})
			return
		}
		if header := forwardedBy(r.Header); header != "" {
			refuse(w, &refusal{
				status: http.StatusForbidden,
				code:   codeForbidden,
				message: "This server runs in development mode, where anybody can sign in as anybody, and answers this " +
					"machine only. This request was forwarded by a proxy or tunnel (" + header + "). " +
					"To serve others, set PARLEY_JWT_SECRET or PARLEY_JWKS_URL.",
			})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// forwardedBy returns the name of a header which shows that a request comes from another machine;
// "" if there is none.
func forwardedBy(header http.Header) string {
	for _, name := range slices.Sorted(maps.Keys(header)) {
		if addedByProxy(strings.ToLower(name), strings.Join(header[name], ",")) {
			return name
		}
	}
	return ""
}

// addedByProxy reports whether a header is one that proxies and tunnels add to the requests of
// other machines. Development servers of frontends are proxies, too, and name loopback addresses
// and hosts in these headers, if they set them.
func addedByProxy(name, value string) bool {
	hasAny := func(has func(s, part string) bool, parts ...string) bool {
		return slices.ContainsFunc(parts, func(part string) bool { return has(name, part) })
	}
	switch {
	case name == "forwarded":
		return forwardsOther(value)
	case hasAny(strings.HasPrefix, "via", "cdn-loop", "x-envoy-", "ngrok-trace", "cf-", "fly-",
		"fastly-", "tailscale-", "x-amz-cf-", "x-appengine-", "x-azure-", "x-vercel-"):
		return true
	case strings.HasPrefix(name, "x-forwarded-") &&
		hasAny(strings.HasSuffix, "-proto", "-protocol", "-scheme", "-ssl", "-port", "-prefix"):
		return false // they are of this machine's proxies, too, and name no address
	case hasAny(strings.Contains, "forwarded") ||
		hasAny(strings.HasSuffix, "-ip", "-addr", "-address", "-host"):
		for node := range strings.SplitSeq(value, ",") {
			if node = strings.TrimSpace(node); node != "" && !isLoopback(node) {
				return true
			}
		}
	}
	return false
}

// forwardsOther reports whether the value of a Forwarded header (RFC 7239) names another machine.
func forwardsOther(value string) bool {
	for element := range strings.FieldsFuncSeq(value,
		func(r rune) bool { return r == ',' || r == ';' }) {
		name, value, _ := strings.Cut(strings.TrimSpace(element), "=")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "", "proto", "by":
		default: // for and host, and what no proxy of this machine writes
			if !isLoopback(strings.Trim(strings.TrimSpace(value), `"`)) {
				return true
			}
		}
	}
	return false
}

// isLoopback reports whether host, with a port or without, is a name that always means this
// machine: localhost and what is below it (RFC 6761, section 6.3), 127.0.0.0/8 and ::1.
func isLoopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && addr.IsLoopback()
}
