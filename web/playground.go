package assets

import (
	"fmt"
	"io/fs"
	"net/http"
	"strings"
)

// PlaygroundConfig is what the playground's page is told of its server.
type PlaygroundConfig struct {
	// Endpoint is the path of the GraphQL endpoint, the same for HTTP and WebSocket: "/graphql".
	Endpoint string `json:"endpoint"`
	// SignIn offers to sign in as anybody. Set it in development mode, where the server has the signIn mutation
	// switched on.
	SignIn bool `json:"signIn"`
}

// playgroundPolicy lets the page load nothing from elsewhere. Styles may be inline, since the editor makes them as it
// goes. In connect-src, 'self' stands for ws: and wss: on the same host too (CSP Level 3, section 6.7.2.8); Chrome does
// so since 71, Firefox since 63, Safari since 15.5, so that the Host header need not be repeated here.
const playgroundPolicy = "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self' 'unsafe-inline'; " +
	"font-src 'self' data:; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; " +
	"frame-ancestors 'none'"

// Playground serves the GraphQL playground: its page at "/" and the page's files below "/playground/". Everything else
// is 404 Not Found, and every method but GET and HEAD 405 Method Not Allowed. It panics where the binary was built
// without the playground's files.
func Playground(cfg PlaygroundConfig) http.Handler {
	files, err := loadPlayground(cfg)
	if err != nil {
		panic(fmt.Sprintf("load the playground's embedded files: %v", err))
	}
	return serving(func(r *http.Request) *file { return files[r.URL.Path] })
}

// loadPlayground returns the playground's files by the path of their URL.
func loadPlayground(cfg PlaygroundConfig) (map[string]*file, error) {
	root, err := fs.Sub(dist, "dist/playground")
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(root, "*.gz")
	if err != nil {
		return nil, err
	}
	files := make(map[string]*file, len(names))
	for _, name := range names {
		zipped, err := fs.ReadFile(root, name)
		if err != nil {
			return nil, err
		}
		name = strings.TrimSuffix(name, ".gz")
		if name == "index.html" {
			if files["/"], err = newPage(zipped, cfg, playgroundPolicy); err != nil {
				return nil, err
			}
			continue
		}
		if files["/playground/"+name], err = newFile(name, zipped, playgroundPolicy); err != nil {
			return nil, err
		}
	}
	if files["/"] == nil {
		return nil, fmt.Errorf("no page among %d files", len(names))
	}
	return files, nil
}
