package webassets

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

// PageConfig is the configuration that the server passes to a page.
type PageConfig struct {
	// Endpoint is the path of the GraphQL endpoint, the same for HTTP and WebSocket: "/graphql".
	Endpoint string `json:"endpoint"`
	// SignIn lets users sign in under any id. Set it in development mode, in which the server
	// allows the signIn mutation.
	SignIn bool `json:"signIn"`
}

// bundle is the output of a build: a page, and its files by the path of their URL.
type bundle struct {
	page  *file
	files map[string]*file
}

// loadBundle reads what lies below dist/name. Its files are served below prefix, all of it under
// policy.
func loadBundle(name, prefix, policy string, cfg PageConfig) (*bundle, error) {
	root, err := fs.Sub(dist, path.Join("dist", name))
	if err != nil {
		return nil, err
	}
	b := &bundle{files: make(map[string]*file)}
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
			b.page, err = newPage(zipped, cfg, policy)
			return err
		}
		b.files[prefix+name], err = newFile(name, zipped, policy)
		return err
	})
	if err != nil {
		return nil, err
	}
	if b.page == nil {
		return nil, fmt.Errorf("no page among %d files", len(b.files))
	}
	return b, nil
}

// reading serves GET and HEAD with the file that find returns, or with 404 Not Found if it returns
// nil. Other methods are 405 Method Not Allowed.
func reading(find func(path string) *file) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		file := find(r.URL.Path)
		switch {
		case file == nil:
			http.NotFound(w, r)
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		default:
			file.serve(w, r)
		}
	})
}

// file is a prepared response.
type file struct {
	contentType  string
	cacheControl string
	policy       string // its Content-Security-Policy
	zipped       []byte
	hash         string // of the contents
}

// newPage writes the configuration into an attribute of the page, since the policy forbids inline
// scripts.
func newPage(zipped []byte, cfg PageConfig, policy string) (*file, error) {
	config, err := json.Marshal(cfg)
	if err != nil {
		return nil, err
	}
	template, err := gunzip(zipped)
	if err != nil {
		return nil, err
	}
	page := bytes.Replace(
		template,
		[]byte("{{config}}"),
		[]byte(html.EscapeString(string(config))),
		1,
	)
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
		policy:       policy,
		zipped:       buf.Bytes(),
		hash:         hashOf(page),
	}, nil
}

// newFile returns a file that never changes, because its name contains the hash of its contents.
func newFile(name string, zipped []byte, policy string) (*file, error) {
	contentType := contentTypeOf(name)
	if contentType == "" {
		return nil, fmt.Errorf("%s: no content type for %q", name, path.Ext(name))
	}
	return &file{
		contentType:  contentType,
		cacheControl: "public, max-age=31536000, immutable",
		policy:       policy,
		zipped:       zipped,
		hash:         hashOf(zipped),
	}, nil
}

// contentTypeOf returns the type for the name's extension, or "" for an unknown one. The standard
// library's table would depend on the machine.
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

// serve sends the file, compressed if the client accepts gzip.
func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", f.contentType)
	header.Set("Cache-Control", f.cacheControl)
	header.Set("Content-Security-Policy", f.policy)
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
