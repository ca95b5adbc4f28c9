package webassets

import (
	"fmt"
	"net/http"
	"strings"
)

// appPolicy lets the page load only from this server, and forbids inline scripts and styles. See
// playgroundPolicy for connect-src.
const appPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// App serves the chat: its files below "/app/assets/", and its page at "/app" and everywhere else
// below it, since the page itself knows its places ("/app/rooms/ID"). Everything else is 404 Not
// Found, and every method but GET and HEAD 405 Method Not Allowed. It panics if the binary was
// built without the app's files.
func App(cfg PageConfig) http.Handler {
	app, err := loadBundle("app", "/app/", appPolicy, cfg)
	if err != nil {
		panic(fmt.Sprintf("load the app's embedded files: %v", err))
	}
	return reading(func(path string) *file {
		if path == "/app" ||
			strings.HasPrefix(path, "/app/") && !strings.HasPrefix(path, "/app/assets/") {
			return app.page
		}
		return app.files[path]
	})
}
