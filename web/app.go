package assets

import (
	"fmt"
	"io/fs"
	"net/http"
	"strings"
)

// AppConfig is what the app's page is told of its server.
type AppConfig struct {
	// SignIn offers to sign in as anybody, in development mode.
	SignIn bool `json:"signIn"`
}

// appPolicy lets the page load nothing from elsewhere, and nothing that is written into it.
const appPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// App serves the chat app: its files below "/app/assets/", and its page at "/app" and every other path below it, since the
// page itself knows which room a path stands for. It panics where the binary was built without the app's files.
func App(cfg AppConfig) http.Handler {
	files, err := loadApp(cfg)
	if err != nil {
		panic(fmt.Sprintf("load the app's embedded files: %v", err))
	}
	return serving(func(r *http.Request) *file {
		if strings.HasPrefix(r.URL.Path, "/app/assets/") {
			return files[r.URL.Path]
		}
		return files["/app"]
	})
}

// loadApp returns the app's files by the path of their URL.
func loadApp(cfg AppConfig) (map[string]*file, error) {
	root, err := fs.Sub(dist, "dist/app")
	if err != nil {
		return nil, err
	}
	files := map[string]*file{}
	err = fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		zipped, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		name = strings.TrimSuffix(name, ".gz")
		if name == "index.html" {
			files["/app"], err = newPage(zipped, cfg, appPolicy)
			return err
		}
		files["/app/"+name], err = newFile(name, zipped, appPolicy)
		return err
	})
	if err != nil {
		return nil, err
	}
	if files["/app"] == nil {
		return nil, fmt.Errorf("no page among %d files", len(files))
	}
	return files, nil
}
