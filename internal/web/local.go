package web

import (
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"

	"parley/internal/auth"
)

// localOnly refuses requests from other machines (see [Config].Development): with 421 if the host
// name of the server is not a loopback name, and with 403 if a proxy or tunnel has forwarded the
// request for another machine.
func localOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isLocalHost(r.Host) {
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
				message: "This server runs in development mode, where any client can sign in as any user, and answers this " +
					"machine only. This request was forwarded by a proxy or tunnel (" + header + "). " +
					"To serve others, set PARLEY_JWT_SECRET or PARLEY_JWKS_URL.",
			})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// forwardedBy returns the name of a header that shows that a request comes from another machine, or
// "" if there is none.
func forwardedBy(header http.Header) string {
	for _, name := range slices.Sorted(maps.Keys(header)) {
		if addedByProxy(strings.ToLower(name), strings.Join(header[name], ",")) {
			return name
		}
	}
	return ""
}

// addedByProxy reports whether proxies and tunnels add a header to the requests of other machines.
// The development servers of frontends are proxies, too, but the addresses and hosts in their
// headers are loopback ones.
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
		return false // proxies of this machine send them, too, and they name no address
	case hasAny(strings.Contains, "forwarded") ||
		hasAny(strings.HasSuffix, "-ip", "-addr", "-address", "-host"):
		for node := range strings.SplitSeq(value, ",") {
			if node = strings.TrimSpace(node); node != "" && !isLocalHost(node) {
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
		default: // for, host, and parameters that are unknown
			if !isLocalHost(strings.Trim(strings.TrimSpace(value), `"`)) {
				return true
			}
		}
	}
	return false
}

// isLocalHost reports whether host, with or without a port, always means this machine: the names that
// [auth.IsLoopback] accepts, and the names below localhost (RFC 6761, section 6.3).
func isLocalHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	return strings.HasSuffix(host, ".localhost") || auth.IsLoopback(strings.Trim(host, "[]"))
}
