package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/rs/cors"
)

// origins decides which pages may use the server from a browser: by CORS for requests, and by
// itself for WebSockets, which browsers let every page open (cross-site WebSocket hijacking).
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
	// The scheme is not compared: behind a proxy that ends TLS, only the proxy knows it.
	return strings.EqualFold(u.Host, r.Host) ||
		slices.Contains(o.allowed, u.Scheme+"://"+u.Host) ||
		o.development && isLoopback(u.Host)
}

// crossOrigin answers CORS preflights and lets the scripts of allowed origins read responses. There
// are no credentials to allow: the server uses no cookies, and a token is a header that the page
// sets itself.
func crossOrigin(o origins, next http.Handler) http.Handler {
	return cors.New(cors.Options{
		AllowOriginVaryRequestFunc: func(r *http.Request, origin string) (bool, []string) {
			return o.allows(r, origin), nil
		},
		AllowedMethods: []string{http.MethodGet, http.MethodPost},
		AllowedHeaders: []string{
			"*",
		}, // client libraries add their own, and none of them means anything here
		ExposedHeaders: []string{headerRequestID, "Retry-After"},
		MaxAge:         600, // seconds; a preflight an operation would double every latency
	}).Handler(next)
}
