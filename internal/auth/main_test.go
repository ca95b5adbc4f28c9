package auth

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"
	"go.uber.org/goleak"
)

const (
	testIssuer   = "https://login.example.com/"
	testAudience = "parley"
)

var testSecret = []byte("a secret of enough bytes, for tests only")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// claimsWith returns valid claims with changes. A nil value removes the claim.
func claimsWith(changes jwt.MapClaims) jwt.MapClaims {
	claims := jwt.MapClaims{
		"sub": "ada",
		"iss": testIssuer,
		"aud": testAudience,
		"exp": time.Now().Add(time.Hour).Unix(),
	}
	maps.Copy(claims, changes)
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	return claims
}

func sign(
	tb testing.TB,
	method jwt.SigningMethod,
	key any,
	header map[string]any,
	claims jwt.MapClaims,
) string {
	tb.Helper()
	token := jwt.NewWithClaims(method, claims)
	maps.Copy(token.Header, header)
	signed, err := token.SignedString(key)
	if err != nil {
		tb.Fatal(err)
	}
	return signed
}

func signHS256(tb testing.TB, claims jwt.MapClaims) string {
	tb.Helper()
	return sign(tb, jwt.SigningMethodHS256, testSecret, nil, claims)
}

func newTestVerifier(tb testing.TB, cfg Config) *Verifier {
	tb.Helper()
	v, err := NewVerifier(tb.Context(), cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(v.Close)
	return v
}

// newSecretVerifier accepts tokens signed with testSecret and checks their issuer and audience.
func newSecretVerifier(tb testing.TB) *Verifier {
	tb.Helper()
	return newTestVerifier(
		tb,
		Config{Secret: testSecret, Issuer: testIssuer, Audience: testAudience},
	)
}

func mustVerify(tb testing.TB, v *Verifier, token string) Identity {
	tb.Helper()
	identity, err := v.Verify(tb.Context(), token)
	if err != nil {
		tb.Fatalf("Verify: %v (cause: %v)", err, errors.Unwrap(err))
	}
	return identity
}

// mustRefuse also checks that the error contains no part of the token.
func mustRefuse(tb testing.TB, v *Verifier, token string, want Reason) {
	tb.Helper()
	identity, err := v.Verify(tb.Context(), token)
	var e *Error
	if !errors.As(err, &e) {
		tb.Fatalf("Verify = %+v, %v; want an *Error", identity, err)
	}
	if e.Reason != want {
		tb.Fatalf("Reason = %s (%s; cause: %v), want %s", e.Reason, e.Message, e.Unwrap(), want)
	}
	if identity != (Identity{}) {
		tb.Errorf("Verify = %+v with an error", identity)
	}
	if e.Message == "" || !strings.HasSuffix(e.Message, ".") {
		tb.Errorf("Message = %q, want a sentence", e.Message)
	}
	for part := range strings.SplitSeq(token, ".") {
		if len(part) > 3 && strings.Contains(e.Message, part) {
			tb.Errorf("Message = %q repeats the token", e.Message)
		}
	}
}

// signer is a private key with the algorithm it signs with.
type signer struct {
	id     string
	method jwt.SigningMethod
	key    crypto.Signer
}

func (s signer) sign(tb testing.TB, claims jwt.MapClaims) string {
	tb.Helper()
	return sign(tb, s.method, s.key, map[string]any{"kid": s.id}, claims)
}

// jwk returns the public key as a JSON Web Key, with changes. A nil value removes the member.
func (s signer) jwk(tb testing.TB, changes map[string]any) map[string]any {
	tb.Helper()
	return publicJWK(tb, s.key.Public(), s.id, changes)
}

func publicJWK(tb testing.TB, key any, id string, changes map[string]any) map[string]any {
	tb.Helper()
	jwk, err := jwkset.NewJWKFromKey(
		key,
		jwkset.JWKOptions{Metadata: jwkset.JWKMetadataOptions{KID: id}},
	)
	if err != nil {
		tb.Fatal(err)
	}
	document, err := json.Marshal(jwk.Marshal())
	if err != nil {
		tb.Fatal(err)
	}
	var members map[string]any
	if err := json.Unmarshal(document, &members); err != nil {
		tb.Fatal(err)
	}
	maps.Copy(members, changes)
	maps.DeleteFunc(members, func(_ string, value any) bool { return value == nil })
	return members
}

// rsaKey is generated once, because that is slow.
var rsaKey = sync.OnceValues(
	func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) },
)

func newRSA(tb testing.TB, id string) signer {
	tb.Helper()
	key, err := rsaKey()
	if err != nil {
		tb.Fatal(err)
	}
	return signer{id: id, method: jwt.SigningMethodRS256, key: key}
}

func newECDSA(tb testing.TB, id string) signer {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return signer{id: id, method: jwt.SigningMethodES256, key: key}
}

func newEd25519(tb testing.TB, id string) signer {
	tb.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return signer{id: id, method: jwt.SigningMethodEdDSA, key: key}
}

// issuerServer serves a key set over a real socket.
type issuerServer struct {
	url     string
	fetches atomic.Int64
	handler atomic.Value // of func(http.ResponseWriter)
}

func newIssuerServer(tb testing.TB, keys ...map[string]any) *issuerServer {
	tb.Helper()
	s := &issuerServer{}
	s.serveKeys(tb, keys...)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s.fetches.Add(1)
		serve, _ := s.handler.Load().(func(http.ResponseWriter))
		serve(w)
	}))
	tb.Cleanup(server.Close)
	s.url = server.URL + "/jwks.json"
	return s
}

func (s *issuerServer) respond(handler func(http.ResponseWriter)) { s.handler.Store(handler) }

func (s *issuerServer) serveText(text string) {
	s.respond(func(w http.ResponseWriter) { _, _ = w.Write([]byte(text)) })
}

func (s *issuerServer) serveKeys(tb testing.TB, keys ...map[string]any) {
	tb.Helper()
	if keys == nil {
		keys = []map[string]any{}
	}
	document, err := json.Marshal(map[string]any{"keys": keys})
	if err != nil {
		tb.Fatal(err)
	}
	s.serveText(string(document))
}

func (s *issuerServer) fail() {
	s.respond(func(w http.ResponseWriter) { w.WriteHeader(http.StatusInternalServerError) })
}

func (s *issuerServer) config() Config {
	return Config{JWKSURL: s.url, Issuer: testIssuer, Audience: testAudience}
}

// canceledContext returns a context that has ended.
func canceledContext(tb testing.TB) context.Context {
	tb.Helper()
	ctx, cancel := context.WithCancel(tb.Context())
	cancel()
	return ctx
}
