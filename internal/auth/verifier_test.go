package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// signRaw signs any header and payload with testSecret and HMAC SHA-256.
func signRaw(tb testing.TB, header, payload string) string {
	tb.Helper()
	text := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." +
		base64.RawURLEncoding.EncodeToString([]byte(payload))
	mac := hmac.New(sha256.New, testSecret)
	mac.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func TestMalformedTokens(t *testing.T) {
	v := newSecretVerifier(t)
	valid := signHS256(t, claimsWith(nil))
	mustVerify(t, v, valid)
	parts := strings.Split(valid, ".")
	payload := `{"sub":"ada"}`
	for name, token := range map[string]string{
		"empty":              "",
		"a word":             "gibberish",
		"two parts":          parts[0] + "." + parts[1],
		"four parts":         valid + ".x",
		"five parts":         valid + ".x.y",
		"only dots":          "..",
		"a space before":     " " + valid,
		"a line break after": valid + "\n",
		"a line break in it": valid[:20] + "\n" + valid[20:],
		"padding":            valid + "=",
		"not base64":         "%%%." + parts[1] + "." + parts[2],
		"not ASCII":          "é" + valid,
		"header not JSON":    signRaw(t, `{`, payload),
		"header a list":      signRaw(t, `[]`, payload),
		"payload not JSON":   signRaw(t, `{"alg":"HS256"}`, `{`),
		"payload a string":   signRaw(t, `{"alg":"HS256"}`, `"ada"`),
		"crit":               signRaw(t, `{"alg":"HS256","crit":["exp"]}`, payload),
		"b64":                signRaw(t, `{"alg":"HS256","b64":false,"crit":["b64"]}`, payload),
		"too long":           signHS256(t, claimsWith(jwt.MapClaims{"name": strings.Repeat("x", MaxTokenBytes)})),
	} {
		t.Run(name, func(t *testing.T) { mustRefuse(t, v, token, Malformed) })
	}
}

func TestLongestToken(t *testing.T) {
	v := newSecretVerifier(t)
	shortToken := signHS256(t, claimsWith(jwt.MapClaims{"name": "x"}))
	name := strings.Repeat("x", (MaxTokenBytes-len(shortToken))/4*3)
	token := signHS256(t, claimsWith(jwt.MapClaims{"name": name}))
	if got := mustVerify(t, v, token); got.Name != name {
		t.Error("the name is not what was signed")
	}
	// Rejected only because of its length.
	token = signHS256(t, claimsWith(jwt.MapClaims{"name": name + strings.Repeat("x", 12)}))
	mustRefuse(t, v, token, Malformed)
}

func TestSignatures(t *testing.T) {
	v := newSecretVerifier(t)
	valid := signHS256(t, claimsWith(nil))
	parts := strings.Split(valid, ".")
	admin := signHS256(t, claimsWith(jwt.MapClaims{"admin": true}))
	mustVerify(t, v, valid) // cached: similar tokens must still be rejected

	otherSecret := sign(
		t,
		jwt.SigningMethodHS256,
		[]byte("another secret of enough bytes!!"),
		nil,
		claimsWith(nil),
	)
	mustRefuse(t, v, otherSecret, BadSignature)
	mustRefuse(t, v, parts[0]+"."+parts[1]+".", BadSignature)
	mustRefuse(t, v, parts[0]+"."+strings.Split(admin, ".")[1]+"."+parts[2], BadSignature)
	for i := range len(parts[2]) { // each character of the signature counts, to the last bit
		flipped := []byte(parts[2])
		flipped[i] = map[bool]byte{true: 'B', false: 'A'}[flipped[i] == 'A']
		if _, err := v.Verify(t.Context(), parts[0]+"."+parts[1]+"."+string(flipped)); err == nil {
			t.Errorf("accepted with character %d of the signature changed", i)
		}
	}
}

func TestTokenCannotChooseAlgorithm(t *testing.T) {
	v := newSecretVerifier(t)
	claims := claimsWith(nil)
	none := sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil, claims)
	payload := strings.Split(none, ".")[1]
	header := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

	for name, token := range map[string]string{
		"none":        none,
		"None":        header(`{"alg":"None"}`) + "." + payload + ".",
		"NONE":        header(`{"alg":"NONE"}`) + "." + payload + ".",
		"empty":       header(`{"alg":""}`) + "." + payload + ".",
		"missing":     header(`{}`) + "." + payload + ".",
		"a number":    header(`{"alg":1}`) + "." + payload + ".",
		"header null": header(`null`) + "." + payload + ".",
		"unknown":     header(`{"alg":"HS1"}`) + "." + payload + ".",
		"HS512":       sign(t, jwt.SigningMethodHS512, testSecret, nil, claims),
		"RS256":       newRSA(t, "").sign(t, claims),
		"ES256":       newECDSA(t, "").sign(t, claims),
	} {
		t.Run(name, func(t *testing.T) { mustRefuse(t, v, token, AlgorithmNotAllowed) })
	}
}

// TestPublicKeyIsNotASecret: a public key must not verify HMAC signatures. A verifier that trusts the
// algorithm of the token uses it as a secret.
func TestPublicKeyIsNotASecret(t *testing.T) {
	signer := newRSA(t, "rsa")
	server := newIssuerServer(t, signer.jwk(t, nil))
	v := newTestVerifier(t, server.config())
	mustVerify(t, v, signer.sign(t, claimsWith(nil)))

	der, err := x509.MarshalPKIXPublicKey(signer.key.Public())
	if err != nil {
		t.Fatal(err)
	}
	for name, secret := range map[string][]byte{
		"DER": der,
		"PEM": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}),
	} {
		for _, header := range []map[string]any{nil, {"kid": "rsa"}} {
			token := sign(t, jwt.SigningMethodHS256, secret, header, claimsWith(nil))
			t.Run(name, func(t *testing.T) { mustRefuse(t, v, token, AlgorithmNotAllowed) })
		}
	}
	none := sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil, claimsWith(nil))
	mustRefuse(t, v, none, AlgorithmNotAllowed)
}

func TestVerifiedTokensAreCached(t *testing.T) {
	v := newSecretVerifier(t)
	token := signHS256(t, claimsWith(nil))
	known := func(token string, want bool) {
		t.Helper()
		identity, ok := v.Known(token)
		if ok != want || ok && identity != mustVerify(t, v, token) {
			t.Errorf("Known = %+v, %v; want %v", identity, ok, want)
		}
	}
	known(token, false)
	mustVerify(t, v, token)
	known(token, true)
	mustRefuse(t, v, token+"x", BadSignature)
	known(token+"x", false)
	if got := v.known.Len(); got != 1 {
		t.Fatalf("%d tokens are cached, want the valid one", got)
	}
	v.secret = []byte(
		"a cached token is accepted without this secret",
	) // only the cache can accept the token now
	mustVerify(t, v, token)
}

func TestExpiredTokensAreEvicted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newSecretVerifier(t)
		token := signHS256(t, claimsWith(jwt.MapClaims{"exp": time.Now().Add(time.Minute).Unix()}))
		mustVerify(t, v, token)
		time.Sleep(time.Minute)
		if _, ok := v.Known(token); ok {
			t.Error("an expired token is known")
		}
		mustRefuse(t, v, token, Expired)
		if got := v.known.Len(); got != 0 {
			t.Errorf("%d tokens are cached, want none", got)
		}
	})
}

func TestConcurrentVerify(t *testing.T) {
	signer := newECDSA(t, "ec")
	server := newIssuerServer(t, signer.jwk(t, nil))
	v := newTestVerifier(t, server.config())
	var wg sync.WaitGroup
	for i := range 100 {
		id := fmt.Sprintf("person-%d", i%10)
		token := signer.sign(t, claimsWith(jwt.MapClaims{"sub": id}))
		wg.Go(func() {
			if identity, err := v.Verify(t.Context(), token); err != nil || identity.ID != id {
				t.Errorf("Verify = %+v, %v; want %s", identity, err, id)
			}
		})
	}
	wg.Wait()
	if got := server.fetches.Load(); got != 1 {
		t.Errorf("%d fetches, want 1", got)
	}
}

// FuzzVerify has neither the secret nor a private key, so no generated token may be accepted.
func FuzzVerify(f *testing.F) {
	claims := claimsWith(nil)
	valid := sign(
		f,
		jwt.SigningMethodHS256,
		[]byte("another secret of enough bytes!!"),
		nil,
		claims,
	)
	parts := strings.Split(valid, ".")
	for _, seed := range []string{
		"", ".", "..", "...", valid, valid + ".", parts[0] + "." + parts[1] + ".",
		sign(f, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil, claims),
		newRSA(f, "").sign(f, claims), newECDSA(f, "key").sign(f, claims), newEd25519(f, "key").sign(f, claims),
		base64.RawURLEncoding.EncodeToString([]byte("null")) + "." + parts[1] + "." + parts[2],
		base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256","kid":7}`)) + "." + parts[1] + "." + parts[2],
		base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256","kid":"unknown"}`)) + "." + parts[1] + "." + parts[2],
		base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256","kid":"unknown, too"}`)) + "." + parts[1] + "." + parts[2],
	} {
		f.Add(seed)
	}
	unknownUser, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		f.Fatal(err)
	}
	server := newIssuerServer(
		f,
		publicJWK(
			f,
			unknownUser.Public(),
			"key",
			nil,
		),
		newECDSA(f, "key").jwk(f, nil),
		newEd25519(f, "key").jwk(f, nil),
	)
	verifiers := map[string]*Verifier{
		"secret":  newSecretVerifier(f),
		"key set": newTestVerifier(f, server.config()),
	}

	f.Fuzz(func(t *testing.T, token string) {
		for name, v := range verifiers {
			identity, err := v.Verify(t.Context(), token)
			var e *Error
			// The key set is not fetched for every unknown key: then the key may exist.
			unavailable := errors.As(err, &e) && e.Reason == KeysUnavailable &&
				!errors.Is(err, errThrottled)
			if e == nil || unavailable {
				t.Errorf("%s: Verify(%q) = %+v, %v", name, token, identity, err)
			}
		}
	})
}
