package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/rs/cors"
)

// origins decides which pages may use the server from a browser. It applies to requests by CORS. It
// checks WebSockets by itself, because browsers let every page open them (cross-site WebSocket
// hijacking).
type origins struct {
	any         bool
	allowed     []string
	development bool
}

func newOrigins(allowed []string, development bool) origins {
	o := origins{any: slices.Contains(allowed, "*"), development: development}
	for _, origin := range allowed {
		o.allowed = append(o.allowed, strings.ToLower(origin))
	}
	return o
}

// allows reports whether a page of origin (the value of an Origin header) may use the server that r
// addresses.
func (o origins) allows(r *http.Request, origin string) bool {
	if o.any {
		return true
	}
	u, err := url.Parse(strings.ToLower(origin))
	if err != nil || u.Host == "" {
		return false // "null": a sandboxed frame, a local file
	}
	// The scheme is not compared, because only a proxy that terminates TLS knows it.
	return strings.EqualFold(u.Host, r.Host) ||
		slices.Contains(o.allowed, u.Scheme+"://"+u.Host) ||
		o.development && isLocalHost(u.Host)
}

// withCORS answers CORS preflights and lets scripts of allowed origins read responses. It allows no
// credentials: the server uses no cookies, and pages set the token as a header.
func withCORS(o origins, next http.Handler) http.Handler {
	return cors.New(cors.Options{
		AllowOriginVaryRequestFunc: func(r *http.Request, origin string) (bool, []string) {
			return o.allows(r, origin), nil
		},
		AllowedMethods: []string{http.MethodGet, http.MethodPost},
		AllowedHeaders: []string{"*"}, // client libraries add headers, which the server ignores
		ExposedHeaders: []string{headerRequestID, "Retry-After"},
		MaxAge:         600, // seconds; a preflight for each operation would double the latency
	}).Handler(next)
}
