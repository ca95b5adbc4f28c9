package auth

import (
	"strings"
	"testing"
)

func TestBearer(t *testing.T) {
	tests := map[string]string{ // "": there is no token
		"Bearer a.b.c":       "a.b.c",
		"bearer a.b.c":       "a.b.c",
		"BEARER a.b.c":       "a.b.c",
		"Bearer   a.b.c":     "a.b.c",
		" Bearer a.b.c \t":   "a.b.c",
		"Bearer a-_~+/.b==":  "a-_~+/.b==",
		"":                   "",
		"Bearer":             "",
		"Bearer ":            "",
		"Bearer  ":           "",
		"Bearer =":           "",
		"Bearer a=b":         "",
		"Bearer a b":         "",
		"Bearer a,b":         "",
		"Bearer\ta":          "",
		"Bearer a\nb":        "",
		"Bearer é":           "",
		"Basic YTpi":         "",
		"a.b.c":              "",
		"Bearerer a.b.c":     "",
		"Token Bearer a.b.c": "",
	}
	for header, want := range tests {
		if got, ok := Bearer(header); got != want || ok != (want != "") {
			t.Errorf("Bearer(%q) = %q, %v; want %q", header, got, ok, want)
		}
	}
}

func FuzzBearer(f *testing.F) {
	for _, seed := range []string{"Bearer a.b.c", "bearer  a==", "Basic x", "", "Bearer \x00", "Bearer é"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		token, ok := Bearer(header)
		if ok != (token != "") || strings.ContainsAny(token, " \t\r\n,\"\x00") ||
			!strings.Contains(header, token) {
			t.Errorf("Bearer(%q) = %q, %v", header, token, ok)
		}
	})
}
