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
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
)

// serving answers with the file that find returns; nil: there is none.
func serving(find func(*http.Request) *file) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		file := find(r)
		if file == nil {
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

// file is one response, ready to be sent.
type file struct {
	contentType  string
	cacheControl string
	zipped       []byte
	hash         string // of the contents
	policy       string // its Content-Security-Policy
}

// newPage writes the configuration into the page. It goes into an attribute, since the policy forbids inline scripts.
func newPage(zipped []byte, cfg any, policy string) (*file, error) {
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
		policy:       policy,
	}, nil
}

// newFile is for a file that has the hash of its contents in its name, and so never changes under it.
func newFile(name string, zipped []byte, policy string) (*file, error) {
	contentType := contentTypeOf(name)
	if contentType == "" {
		return nil, fmt.Errorf("%s: no content type for %q", name, path.Ext(name))
	}
	return &file{
		contentType:  contentType,
		cacheControl: "public, max-age=31536000, immutable",
		zipped:       zipped,
		hash:         hashOf(zipped),
		policy:       policy,
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
