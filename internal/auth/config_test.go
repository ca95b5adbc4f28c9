package auth

import (
	"bytes"
	"strings"
	"testing"
)

func TestConfigValidate(t *testing.T) {
	jwks := func(url string) Config { return Config{JWKSURL: url, Issuer: "i", Audience: "a"} }
	tests := map[string]struct {
		cfg  Config
		want []string // in the message; none: it is valid
	}{
		"nothing": {Config{}, []string{"PARLEY_JWT_SECRET", "PARLEY_JWKS_URL"}},
		"both": {
			Config{Secret: testSecret, JWKSURL: "https://a.example/", Issuer: "i", Audience: "a"},
			[]string{"PARLEY_JWT_SECRET", "PARLEY_JWKS_URL", "remove one"},
		},
		"secret":       {Config{Secret: testSecret}, nil},
		"least secret": {Config{Secret: bytes.Repeat([]byte("x"), 32)}, nil},
		"short secret": {
			Config{Secret: []byte("x")},
			[]string{"PARLEY_JWT_SECRET", "openssl rand -hex 32"},
		},
		"no issuer": {
			Config{JWKSURL: "https://a.example/", Audience: "a"},
			[]string{"PARLEY_JWT_ISSUER"},
		},
		"no audience": {
			Config{JWKSURL: "https://a.example/", Issuer: "i"},
			[]string{"PARLEY_JWT_AUDIENCE"},
		},
		"everything at once": {
			Config{JWKSURL: "http://a.example/"},
			[]string{"https://", "PARLEY_JWT_ISSUER", "PARLEY_JWT_AUDIENCE"},
		},
		"https": {jwks("https://a.example/jwks"), nil},
		"http": {
			jwks("http://a.example/jwks"),
			[]string{"PARLEY_JWKS_URL", "https://"},
		},
		"http, localhost": {jwks("http://localhost:8080/jwks"), nil},
		"http, 127.0.0.1": {jwks("http://127.0.0.1:8080/jwks"), nil},
		"http, ::1":       {jwks("http://[::1]:8080/jwks"), nil},
		"http, like loopback": {
			jwks("http://127.0.0.1.a.example/jwks"), []string{"https://"},
		},
		"http, localhost as user": {jwks("http://localhost@a.example/jwks"), []string{"https://"}},
		"file":                    {jwks("file:///etc/passwd"), []string{"PARLEY_JWKS_URL"}},
		"no host":                 {jwks("https:///jwks"), []string{"PARLEY_JWKS_URL"}},
		"no port": {
			jwks("https://a.example:99999/jwks"),
			[]string{"PARLEY_JWKS_URL"},
		},
		"not a URL": {jwks("://"), []string{"PARLEY_JWKS_URL"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := test.cfg.Validate()
			if (err != nil) != (len(test.want) > 0) {
				t.Fatalf("Validate() = %v", err)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("Validate() = %q, want %q in it", err, want)
				}
			}
			if _, err := NewVerifier(
				canceledContext(t),
				test.cfg,
			); (err != nil) != (len(test.want) > 0) {
				t.Errorf("NewVerifier = %v", err)
			}
		})
	}
}

func TestConfigNeverShowsSecrets(t *testing.T) {
	err := Config{Secret: []byte("hunter2"), JWKSURL: "http://ada:swordfish@a.example/"}.Validate()
	if err == nil || strings.Contains(err.Error(), "hunter2") ||
		strings.Contains(err.Error(), "swordfish") {
		t.Errorf("Validate() = %v", err)
	}
}
