package webassets

import (
	"fmt"
	"net/http"
)

// playgroundPolicy lets the page load only from this server. Styles may be inline, since the
// editor creates them at run time. In connect-src, 'self' stands for ws: and wss: on the same host
// too (CSP Level 3, section 6.7.2.8); Chrome does so since 71, Firefox since 63, Safari since 15.5,
// so that the Host header need not be repeated here.
const playgroundPolicy = "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self' 'unsafe-inline'; " +
	"font-src 'self' data:; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; " +
	"frame-ancestors 'none'"

// Playground serves the GraphQL playground: its page at "/" and the page's files below
// "/playground/". Everything else is 404 Not Found, and every method but GET and HEAD 405 Method
// Not Allowed. It panics if the binary was built without the playground's files.
func Playground(cfg PageConfig) http.Handler {
	playground, err := loadBundle("playground", "/playground/", playgroundPolicy, cfg)
	if err != nil {
		panic(fmt.Sprintf("load the playground's embedded files: %v", err))
	}
	return reading(func(path string) *file {
		if path == "/" {
			return playground.page
		}
		return playground.files[path]
	})
}
