package auth

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

func TestKeySetAlgorithms(t *testing.T) {
	for _, signer := range []signer{newRSA(t, "k"), newECDSA(t, "k"), newEd25519(t, "k")} {
		t.Run(signer.method.Alg(), func(t *testing.T) {
			for name, changes := range map[string]map[string]any{
				"bare":     {"alg": nil},
				"full":     {"alg": signer.method.Alg(), "use": "sig", "key_ops": []string{"verify"}},
				"with x5u": {"x5u": "http://169.254.169.254/", "x5c": []string{"AAAA"}},
			} {
				v := newTestVerifier(t, newIssuerServer(t, signer.jwk(t, changes)).config())
				if got := mustVerify(t, v, signer.sign(t, claimsWith(nil))); got.ID != "ada" {
					t.Errorf("%s: ID = %q", name, got.ID)
				}
				mustRefuse(
					t,
					v,
					signer.sign(t, claimsWith(jwt.MapClaims{"iss": "other"})),
					WrongIssuer,
				)
				mustRefuse(
					t,
					v,
					signer.sign(t, claimsWith(jwt.MapClaims{"aud": "other"})),
					WrongAudience,
				)
				mustRefuse(
					t,
					v,
					signer.sign(t, claimsWith(jwt.MapClaims{"exp": time.Now().Unix() - 5})),
					Expired,
				)
			}
		})
	}
}

func TestKeySetRefuses(t *testing.T) {
	rsaSigner, ecSigner := newRSA(t, "rsa"), newECDSA(t, "ec")
	v := newTestVerifier(
		t,
		newIssuerServer(t, rsaSigner.jwk(t, nil), ecSigner.jwk(t, nil)).config(),
	)
	claims := claimsWith(nil)

	forged := newECDSA(t, "ec")
	mustRefuse(t, v, forged.sign(t, claims), BadSignature)
	mustRefuse(t, v, newEd25519(t, "ec").sign(t, claims), AlgorithmNotAllowed)
	mustRefuse(
		t,
		v,
		sign(t, jwt.SigningMethodES256, ecSigner.key, map[string]any{"kid": "rsa"}, claims),
		AlgorithmNotAllowed,
	)
	mustRefuse(
		t,
		v,
		sign(t, jwt.SigningMethodPS256, rsaSigner.key, map[string]any{"kid": "rsa"}, claims),
		AlgorithmNotAllowed,
	)
	mustRefuse(
		t,
		v,
		sign(t, jwt.SigningMethodRS512, rsaSigner.key, map[string]any{"kid": "rsa"}, claims),
		AlgorithmNotAllowed,
	)
	mustRefuse(
		t,
		v,
		sign(t, jwt.SigningMethodES256, ecSigner.key, map[string]any{"kid": 7}, claims),
		Malformed,
	)
	mustRefuse(
		t,
		v,
		sign(
			t,
			jwt.SigningMethodES256,
			ecSigner.key,
			map[string]any{"crit": []string{"x"}},
			claims,
		),
		Malformed,
	)
	mustRefuse(t, v, newECDSA(t, "unknown").sign(t, claims), BadSignature)
}

func TestTokensWithoutKid(t *testing.T) {
	first, second := newECDSA(t, "first"), newECDSA(t, "second")
	v := newTestVerifier(
		t,
		newIssuerServer(
			t,
			first.jwk(t, nil),
			newRSA(t, "rsa").jwk(t, nil),
			second.jwk(t, map[string]any{"kid": nil}),
		).config(),
	)
	for _, s := range []signer{first, second} {
		mustVerify(t, v, sign(t, s.method, s.key, nil, claimsWith(nil)))
	}
	unknownUser := newECDSA(t, "")
	mustRefuse(
		t,
		v,
		sign(t, unknownUser.method, unknownUser.key, nil, claimsWith(nil)),
		BadSignature,
	)
	mustRefuse(t, v, newEd25519(t, "").sign(t, claimsWith(nil)), AlgorithmNotAllowed)
}

// A key that cannot be used is ignored. Each set contains another key, which must still work.
func TestUnusableKeysAreIgnored(t *testing.T) {
	valid := newEd25519(t, "good")
	signer := newRSA(t, "bad")
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]map[string]any{
		"for encryption":   signer.jwk(t, map[string]any{"use": "enc"}),
		"for signing only": signer.jwk(t, map[string]any{"key_ops": []string{"sign"}}),
		"for RS512":        signer.jwk(t, map[string]any{"alg": "RS512"}),
		"for RSA-OAEP":     signer.jwk(t, map[string]any{"alg": "RSA-OAEP"}),
		"no modulus":       signer.jwk(t, map[string]any{"n": nil}),
		"bad modulus":      signer.jwk(t, map[string]any{"n": "%"}),
		"no kty":           signer.jwk(t, map[string]any{"kty": nil}),
		"unknown kty":      {"kty": "AKP", "kid": "bad"},
		"kty a number":     {"kty": 7, "kid": "bad"},
		"symmetric":        {"kty": "oct", "kid": "bad", "alg": "HS256", "k": "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"},
		"1024 bits":        publicJWK(t, small.Public(), "bad", nil),
		"P-384":            publicJWK(t, p384.Public(), "bad", nil),
		"off the curve":    newECDSA(t, "bad").jwk(t, map[string]any{"x": "AQ"}),
	} {
		t.Run(name, func(t *testing.T) {
			v := newTestVerifier(t, newIssuerServer(t, bad, valid.jwk(t, nil)).config())
			mustVerify(t, v, valid.sign(t, claimsWith(nil)))
			mustRefuse(t, v, signer.sign(t, claimsWith(nil)), BadSignature)
			if keys := v.keys.current.Load().keys; len(keys) != 1 {
				t.Errorf("%d keys, want the valid one", len(keys))
			}
		})
	}
}

func TestRotatedKeyIsLoadedImmediately(t *testing.T) {
	before, after := newECDSA(t, "before"), newECDSA(t, "after")
	server := newIssuerServer(t, before.jwk(t, nil))
	v := newTestVerifier(t, server.config())
	old := before.sign(t, claimsWith(nil))
	mustVerify(t, v, old)

	server.serveKeys(t, after.jwk(t, nil))
	mustVerify(t, v, old) // the keys were not fetched yet
	mustVerify(t, v, after.sign(t, claimsWith(nil)))
	mustRefuse(t, v, old, BadSignature) // despite the cache
	mustRefuse(t, v, before.sign(t, claimsWith(jwt.MapClaims{"name": "Ada"})), BadSignature)
}

func TestRevokedKeyIsUsedForOneRefreshInterval(t *testing.T) {
	signer := newECDSA(t, "k")
	server := newIssuerServer(t, signer.jwk(t, nil))
	synctest.Test(t, func(t *testing.T) {
		v := newTestVerifier(t, server.config())
		token := signer.sign(t, claimsWith(nil))
		mustVerify(t, v, token)
		server.serveKeys(t)
		time.Sleep(refreshInterval - time.Second)
		mustVerify(t, v, token)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		mustRefuse(t, v, token, BadSignature)
	})
}

func TestUnknownKidFloodIsBounded(t *testing.T) {
	known, next := newECDSA(t, "known"), newECDSA(t, "next")
	server := newIssuerServer(t, known.jwk(t, nil))
	synctest.Test(t, func(t *testing.T) {
		v := newTestVerifier(t, server.config())
		mustVerify(t, v, known.sign(t, claimsWith(nil)))
		flood := func() {
			var wg sync.WaitGroup
			for i := range 500 {
				header := map[string]any{"kid": fmt.Sprintf("unknown-%d", i)}
				token := sign(t, known.method, known.key, header, claimsWith(nil))
				wg.Go(func() {
					_, err := v.Verify(t.Context(), token)
					var e *Error
					if !errors.As(err, &e) || e.Reason != BadSignature &&
						(e.Reason != KeysUnavailable || e.RetryAfter <= 0 || e.RetryAfter > requestInterval) {
						t.Errorf(
							"Verify = %v, want BadSignature, or KeysUnavailable with a time",
							err,
						)
					}
				})
			}
			wg.Wait()
		}
		flood()
		if got, maximum := server.fetches.Load(), int64(1+requestBurst); got > maximum {
			t.Errorf("%d fetches, want at most %d", got, maximum)
		}
		time.Sleep(requestInterval)
		flood()
		if got, maximum := server.fetches.Load(), int64(2+requestBurst); got > maximum {
			t.Errorf("%d fetches after one more interval, want at most %d", got, maximum)
		}

		// The flood delays a rotation by one interval at most. Until then the token may be valid.
		server.serveKeys(t, known.jwk(t, nil), next.jwk(t, nil))
		token := next.sign(t, claimsWith(nil))
		mustRefuse(t, v, token, KeysUnavailable)
		time.Sleep(requestInterval)
		mustVerify(t, v, token)
	})
}

func TestStartWithoutKeySet(t *testing.T) {
	signer := newECDSA(t, "k")
	server := newIssuerServer(t)
	server.fail()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		cfg := server.config()
		cfg.Log = slog.New(slog.NewTextHandler(&log, nil))
		v := newTestVerifier(t, cfg)
		token := signer.sign(t, claimsWith(nil))
		noKid := sign(t, signer.method, signer.key, nil, claimsWith(nil))
		mustRefuse(t, v, token, KeysUnavailable)
		mustRefuse(t, v, noKid, KeysUnavailable)
		for range 100 {
			mustRefuse(t, v, token, KeysUnavailable)
		}
		if got, maximum := server.fetches.Load(), int64(1+requestBurst); got > maximum {
			t.Errorf("%d fetches, want at most %d", got, maximum)
		}
		// Tokens that no key can verify fail with their own reasons.
		mustRefuse(t, v, signHS256(t, claimsWith(nil)), AlgorithmNotAllowed)
		mustRefuse(t, v, "gibberish", Malformed)

		server.serveKeys(t, signer.jwk(t, nil))
		time.Sleep(maxRetryPause) // without a request: a retry fetches the keys
		synctest.Wait()
		mustVerify(t, v, token)
		mustVerify(t, v, noKid)

		time.Sleep(3 * refreshInterval)
		v.Close()
		if got := strings.Count(log.String(), "key set fetched again"); got != 1 {
			t.Errorf("the log reports the end of the outage %d times, want once", got)
		}
		for _, want := range []string{"level=ERROR", "cannot fetch the key set", "500 Internal Server Error", "retry_in=1s", server.url} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("the log does not contain %q:\n%s", want, log.String())
			}
		}
	})
}

func TestOutage(t *testing.T) {
	known, next := newECDSA(t, "known"), newECDSA(t, "next")
	server := newIssuerServer(t, known.jwk(t, nil))
	synctest.Test(t, func(t *testing.T) {
		v := newTestVerifier(t, server.config())
		long := jwt.MapClaims{"exp": time.Now().Add(100 * time.Hour).Unix()}
		token := known.sign(t, claimsWith(long))
		mustVerify(t, v, token)

		server.fail()
		time.Sleep(time.Hour)
		mustVerify(t, v, known.sign(t, claimsWith(nil)))
		mustRefuse(t, v, next.sign(t, claimsWith(nil)), KeysUnavailable) // it may be a new key
		before := server.fetches.Load()
		time.Sleep(time.Hour)
		if got := server.fetches.Load() - before; got < 59 || got > 61 {
			t.Errorf("%d retries an hour, want one a minute", got)
		}

		time.Sleep(maxStale - 2*time.Hour - time.Minute)
		mustVerify(t, v, token)
		time.Sleep(refreshInterval)
		synctest.Wait()
		mustRefuse(t, v, token, KeysUnavailable) // too old, cached or not

		server.serveKeys(t, known.jwk(t, nil))
		time.Sleep(maxRetryPause)
		synctest.Wait()
		mustVerify(t, v, token)
	})
}

// TestInvalidResponsesChangeNothing: a response that is not a key set does not replace the keys.
func TestInvalidResponsesChangeNothing(t *testing.T) {
	known := newECDSA(t, "known")
	server, redirected := newIssuerServer(t, known.jwk(t, nil)), newIssuerServer(t)
	for name, answer := range map[string]func(http.ResponseWriter){
		"not found": func(w http.ResponseWriter) { w.WriteHeader(http.StatusNotFound) },
		"redirect": func(w http.ResponseWriter) {
			w.Header().Set("Location", redirected.url)
			w.WriteHeader(http.StatusFound)
		},
		"HTML":          func(w http.ResponseWriter) { _, _ = w.Write([]byte("<html>")) },
		"empty":         func(http.ResponseWriter) {},
		"no keys":       func(w http.ResponseWriter) { _, _ = w.Write([]byte(`{"error":"maintenance"}`)) },
		"null":          func(w http.ResponseWriter) { _, _ = w.Write([]byte(`null`)) },
		"too large":     func(w http.ResponseWriter) { _, _ = fmt.Fprint(w, `{"keys":[]}`, strings.Repeat(" ", maxKeySetBytes)) },
		"too many keys": func(w http.ResponseWriter) { _, _ = fmt.Fprintf(w, `{"keys":[{}%s]}`, strings.Repeat(",{}", maxKeys)) },
		"cut short": func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte(`{"keys":[]}`))
		},
	} {
		t.Run(name, func(t *testing.T) {
			server.serveKeys(t, known.jwk(t, nil))
			v := newTestVerifier(t, server.config())
			mustVerify(t, v, known.sign(t, claimsWith(nil)))
			server.respond(answer)
			mustRefuse(t, v, newECDSA(t, "unknown").sign(t, claimsWith(nil)), KeysUnavailable)
			mustVerify(t, v, known.sign(t, claimsWith(nil)))
		})
	}
}

func TestSilentServer(t *testing.T) {
	signer := newECDSA(t, "k")
	release := make(chan struct{})
	server := newIssuerServer(t)
	server.respond(func(http.ResponseWriter) { <-release })
	defer close(release)

	v := newTestVerifier(t, server.config())
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := v.Verify(ctx, signer.sign(t, claimsWith(nil)))
	var e *Error
	if !errors.As(err, &e) || e.Reason != KeysUnavailable ||
		!errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Verify = %v, want KeysUnavailable because of the deadline", err)
	}
	v.Close() // ends the running fetch
	mustRefuse(t, v, signer.sign(t, claimsWith(nil)), KeysUnavailable)
}

// slowTransport never responds. Unlike a socket it uses the test's clock.
type slowTransport struct{}

func (slowTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestFetchTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &keySet{
			address: "https://login.example.com/",
			client:  &http.Client{Transport: slowTransport{}},
		}
		start := time.Now()
		if _, err := s.fetch(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("fetch = %v", err)
		}
		if got := time.Since(start); got != fetchTimeout {
			t.Errorf("fetch took %v, want %v", got, fetchTimeout)
		}
	})
}

func TestContextStopsFetching(t *testing.T) {
	server := newIssuerServer(t)
	ctx, cancel := context.WithCancel(t.Context())
	v, err := NewVerifier(ctx, server.config())
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	<-v.keys.done
	v.Close()
	v.Close() // may be called twice
	mustRefuse(t, v, newECDSA(t, "k").sign(t, claimsWith(nil)), KeysUnavailable)
}

func TestClosedVerifierKeepsItsKeys(t *testing.T) {
	signer := newECDSA(t, "k")
	v := newTestVerifier(t, newIssuerServer(t, signer.jwk(t, nil)).config())
	mustVerify(t, v, signer.sign(t, claimsWith(nil)))
	v.Close()
	mustVerify(t, v, signer.sign(t, claimsWith(jwt.MapClaims{"sub": "eve"})))
}
