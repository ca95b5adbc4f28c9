package auth

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func newTestIssuer(t *testing.T, cfg Config) *Issuer {
	t.Helper()
	i, err := NewIssuer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func TestIssue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, cfg := range map[string]Config{
			"secret only":         {Secret: RandomSecret()},
			"issuer and audience": {Secret: RandomSecret(), Issuer: testIssuer, Audience: testAudience},
		} {
			now := time.Now().Add(300 * time.Millisecond)
			token, expiresAt, err := newTestIssuer(t, cfg).Issue("ada", "Ada Lovelace", now)
			if err != nil {
				t.Fatalf("%s: Issue: %v", name, err)
			}
			if want := now.Truncate(time.Second).Add(24 * time.Hour); !expiresAt.Equal(want) {
				t.Errorf("%s: expiresAt = %v, want %v", name, expiresAt, want)
			}
			v := newTestVerifier(t, cfg)
			want := Identity{ID: "ada", Name: "Ada Lovelace", ExpiresAt: expiresAt}
			if got := mustVerify(t, v, token); got != want {
				t.Errorf("%s: Verify = %+v, want %+v", name, got, want)
			}
			other := newTestVerifier(
				t,
				Config{Secret: RandomSecret(), Issuer: cfg.Issuer, Audience: cfg.Audience},
			)
			mustRefuse(t, other, token, BadSignature)
			time.Sleep(24 * time.Hour)
			mustRefuse(t, v, token, Expired)
		}
	})
}

func TestIssueRefusesBadIDs(t *testing.T) {
	i := newTestIssuer(t, Config{Secret: testSecret})
	for _, id := range []string{"", strings.Repeat("é", 129), "a\x00b", "a\nb", "a\xffb"} {
		_, _, err := i.Issue(id, "", time.Now())
		var e *Error
		if !errors.As(err, &e) || e.Reason != BadSubject {
			t.Errorf("Issue(%q) = %v, want BadSubject", id, err)
		}
	}
	if _, _, err := i.Issue("ada", strings.Repeat("x", MaxTokenBytes), time.Now()); err == nil {
		t.Error("Issue signed a token that is too long to be accepted")
	}
}

func TestNewIssuerNeedsSecret(t *testing.T) {
	for name, cfg := range map[string]Config{
		"nothing": {},
		"key set": {JWKSURL: "https://login.example.com/jwks", Issuer: testIssuer, Audience: testAudience},
	} {
		if _, err := NewIssuer(cfg); err == nil {
			t.Errorf("%s: NewIssuer succeeded", name)
		}
	}
}

func TestRandomSecret(t *testing.T) {
	a, b := RandomSecret(), RandomSecret()
	if len(a) != MinSecretBytes || bytes.Equal(a, b) || bytes.Equal(a, make([]byte, len(a))) {
		t.Errorf("RandomSecret() = %x, then %x", a, b)
	}
}
