package web

import (
	"net"
	"net/http"
	"net/netip"
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
// "" if there is none. Development servers of frontends are proxies, too, and name loopback
// addresses and hosts in these headers, if they set them.
func forwardedBy(header http.Header) string {
	if len(header.Values("Via")) > 0 {
		return "Via"
	}
	for _, name := range [...]string{
		"X-Forwarded-For", "X-Real-Ip", "X-Client-Ip", "X-Cluster-Client-Ip", "Cf-Connecting-Ip",
		"True-Client-Ip", "Fly-Client-Ip", "Fastly-Client-Ip", "X-Forwarded-Host", "X-Original-Host",
	} {
		for node := range strings.SplitSeq(strings.Join(header.Values(name), ","), ",") {
			if node = strings.TrimSpace(node); node != "" && !isLoopback(node) {
				return name
			}
		}
	}
	for element := range strings.FieldsFuncSeq(strings.Join(header.Values("Forwarded"), ","),
		func(r rune) bool { return r == ',' || r == ';' }) {
		name, value, _ := strings.Cut(strings.TrimSpace(element), "=")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "", "proto", "by":
		default: // for and host, and what no proxy of this machine writes
			if !isLoopback(strings.Trim(strings.TrimSpace(value), `"`)) {
				return "Forwarded"
			}
		}
	}
	return ""
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
