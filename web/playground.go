package assets

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
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
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		file, ok := files[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		file.serve(w, r)
	})
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
			if files["/"], err = newPage(zipped, cfg); err != nil {
				return nil, err
			}
			continue
		}
		if files["/playground/"+name], err = newFile(name, zipped); err != nil {
			return nil, err
		}
	}
	if files["/"] == nil {
		return nil, fmt.Errorf("no page among %d files", len(names))
	}
	return files, nil
}

// file is one response, ready to be sent.
type file struct {
	contentType  string
	cacheControl string
	zipped       []byte
	hash         string // of the contents
}

// newPage writes the configuration into the page. It goes into an attribute, since the policy forbids inline scripts.
func newPage(zipped []byte, cfg PlaygroundConfig) (*file, error) {
	config, err := json.Marshal(cfg)
	if err != nil {
		return nil, err
	}
	template, err := gunzip(zipped)
	if err != nil {
		return nil, err
	}
	page := bytes.Replace(template, []byte("{{config}}"), []byte(html.EscapeString(string(config))), 1)
	var buf bytes.Buffer
	zw := gzip.NewWriter(&buf)
	if _, err := zw.Write(page); err != nil {
		return nil, err
	}
	if err := zw.Close(); err != nil {
		return nil, err
	}
	return &file{
		contentType:  contentTypeOf("index.html"),
		cacheControl: "no-cache",
		zipped:       buf.Bytes(),
		hash:         hashOf(page),
	}, nil
}

// newFile is for a file that has the hash of its contents in its name, and so never changes under it.
func newFile(name string, zipped []byte) (*file, error) {
	contentType := contentTypeOf(name)
	if contentType == "" {
		return nil, fmt.Errorf("%s: no content type for %q", name, path.Ext(name))
	}
	return &file{
		contentType:  contentType,
		cacheControl: "public, max-age=31536000, immutable",
		zipped:       zipped,
		hash:         hashOf(zipped),
	}, nil
}

// contentTypeOf goes by the name's extension; "" for an unknown one. The standard library's table would add what the
// machine it runs on believes.
func contentTypeOf(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".html":
		return "text/html; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".ttf":
		return "font/ttf"
	case ".txt":
		return "text/plain; charset=utf-8"
	default:
		return ""
	}
}

// serve sends the file, compressed where the client takes that.
func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", f.contentType)
	header.Set("Cache-Control", f.cacheControl)
	header.Set("Content-Security-Policy", playgroundPolicy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Vary", "Accept-Encoding")

	body, tag := f.zipped, f.hash+"-gzip"
	if acceptsGzip(r.Header.Get("Accept-Encoding")) {
		header.Set("Content-Encoding", "gzip")
	} else {
		var err error
		if body, err = gunzip(f.zipped); err != nil {
			http.Error(w, "cannot decompress "+r.URL.Path, http.StatusInternalServerError)
			return
		}
		tag = f.hash
	}
	// A strong tag differs between encodings (RFC 9110, section 8.8.3.3).
	header.Set("ETag", strconv.Quote(tag))
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// acceptsGzip reads an Accept-Encoding header (RFC 9110, section 12.5.3).
func acceptsGzip(header string) bool {
	accepted := false
	for item := range strings.SplitSeq(header, ",") {
		coding, parameter, _ := strings.Cut(item, ";")
		weight := 1.0
		if q, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(parameter)), "q="); ok {
			var err error
			if weight, err = strconv.ParseFloat(q, 64); err != nil {
				weight = 0
			}
		}
		switch strings.ToLower(strings.TrimSpace(coding)) {
		case "gzip":
			return weight > 0
		case "*":
			accepted = weight > 0
		}
	}
	return accepted
}

func gunzip(zipped []byte) ([]byte, error) {
	zr, err := gzip.NewReader(bytes.NewReader(zipped))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(zr)
}

func hashOf(contents []byte) string {
	sum := sha256.Sum256(contents)
	return hex.EncodeToString(sum[:8])
}
