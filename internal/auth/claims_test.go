package auth

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

func TestClaimsAccepted(t *testing.T) {
	v := newSecretVerifier(t)
	exp := time.Now().Add(time.Hour).Truncate(time.Second).UTC()
	tests := map[string]struct {
		claims jwt.MapClaims
		want   Identity
	}{
		"least": {nil, Identity{ID: "ada"}},
		"all": {
			jwt.MapClaims{"name": "Ada", "picture": "https://a.example/ada.png", "admin": true},
			Identity{ID: "ada", Name: "Ada", Picture: "https://a.example/ada.png", Admin: true},
		},
		"admin false": {jwt.MapClaims{"admin": false}, Identity{ID: "ada"}},
		"nulls": {
			jwt.MapClaims{"name": json.RawMessage("null"), "admin": json.RawMessage("null")},
			Identity{ID: "ada"},
		},
		"case matters": {
			jwt.MapClaims{"Admin": true, "Sub": "eve", "NAME": "Eve"},
			Identity{ID: "ada"},
		},
		"controls in name": {
			jwt.MapClaims{"name": "A\x00d\na"},
			Identity{ID: "ada", Name: "Ada"},
		},
		"aud in a list": {
			jwt.MapClaims{"aud": []string{"other", testAudience}},
			Identity{ID: "ada"},
		},
		"longest sub": {
			jwt.MapClaims{"sub": strings.Repeat("é", 128)},
			Identity{ID: strings.Repeat("é", 128)},
		},
		"sub as given": {
			jwt.MapClaims{"sub": " Auth0|Ada@Example.com "},
			Identity{ID: " Auth0|Ada@Example.com "},
		},
		"nbf past": {
			jwt.MapClaims{"nbf": time.Now().Add(-time.Hour).Unix()},
			Identity{ID: "ada"},
		},
		"nbf, clocks differ": {
			jwt.MapClaims{"nbf": time.Now().Add(20 * time.Second).Unix()},
			Identity{ID: "ada"},
		},
		"iat in the future": {
			jwt.MapClaims{"iat": time.Now().Add(time.Hour).Unix()},
			Identity{ID: "ada"},
		},
		"claims of any other": {
			jwt.MapClaims{"email": 5, "roles": []any{nil}},
			Identity{ID: "ada"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.want.ExpiresAt = exp
			claims := claimsWith(jwt.MapClaims{"exp": exp.Unix()})
			maps.Copy(claims, test.claims)
			token := signHS256(t, claims)
			for range 2 { // verified, then cached
				if got := mustVerify(t, v, token); got != test.want {
					t.Errorf("Verify = %+v, want %+v", got, test.want)
				}
			}
		})
	}
}

func TestClaimsRefused(t *testing.T) {
	v := newSecretVerifier(t)
	now := time.Now()
	tests := map[string]struct {
		claims jwt.MapClaims
		want   Reason
	}{
		"no sub":             {jwt.MapClaims{"sub": nil}, BadSubject},
		"null sub":           {jwt.MapClaims{"sub": json.RawMessage("null")}, BadSubject},
		"empty sub":          {jwt.MapClaims{"sub": ""}, BadSubject},
		"long sub":           {jwt.MapClaims{"sub": strings.Repeat("é", 129)}, BadSubject},
		"NUL in sub":         {jwt.MapClaims{"sub": "a\x00"}, BadSubject},
		"line break in sub":  {jwt.MapClaims{"sub": "a\nb"}, BadSubject},
		"C1 control in sub":  {jwt.MapClaims{"sub": "a\u0085b"}, BadSubject},
		"half a surrogate":   {jwt.MapClaims{"sub": json.RawMessage(`"a\ud800"`)}, BadSubject},
		"sub a number":       {jwt.MapClaims{"sub": 7}, Malformed},
		"name a number":      {jwt.MapClaims{"name": 7}, Malformed},
		"picture an object":  {jwt.MapClaims{"picture": map[string]any{}}, Malformed},
		"admin a string":     {jwt.MapClaims{"admin": "true"}, Malformed},
		"admin a number":     {jwt.MapClaims{"admin": 1}, Malformed},
		"admin a list":       {jwt.MapClaims{"admin": []bool{true}}, Malformed},
		"no exp":             {jwt.MapClaims{"exp": nil}, BadExpiry},
		"null exp":           {jwt.MapClaims{"exp": json.RawMessage("null")}, BadExpiry},
		"exp a string":       {jwt.MapClaims{"exp": "2999-01-01"}, Malformed},
		"exp zero":           {jwt.MapClaims{"exp": 0}, Expired},
		"exp negative":       {jwt.MapClaims{"exp": -1}, BadExpiry},
		"exp in ms":          {jwt.MapClaims{"exp": now.Add(time.Hour).UnixMilli()}, BadExpiry},
		"exp beyond int64":   {jwt.MapClaims{"exp": 1e300}, BadExpiry},
		"exp beyond float64": {jwt.MapClaims{"exp": json.RawMessage("1e999")}, Malformed},
		"expired now":        {jwt.MapClaims{"exp": now.Unix()}, Expired},
		"expired seconds ago": {
			jwt.MapClaims{"exp": now.Add(-2 * time.Second).Unix()}, Expired,
		},
		"expired an hour ago": {jwt.MapClaims{"exp": now.Add(-time.Hour).Unix()}, Expired},
		"nbf in a minute":     {jwt.MapClaims{"nbf": now.Add(time.Minute).Unix()}, NotYetValid},
		"nbf beyond int64":    {jwt.MapClaims{"nbf": 1e300}, NotYetValid},
		"nbf a string":        {jwt.MapClaims{"nbf": "0"}, Malformed},
		"no iss":              {jwt.MapClaims{"iss": nil}, WrongIssuer},
		"another iss":         {jwt.MapClaims{"iss": testIssuer + "x"}, WrongIssuer},
		"iss a list":          {jwt.MapClaims{"iss": []string{testIssuer}}, Malformed},
		"no aud":              {jwt.MapClaims{"aud": nil}, WrongAudience},
		"another aud":         {jwt.MapClaims{"aud": "other"}, WrongAudience},
		"aud nearly":          {jwt.MapClaims{"aud": "Parley"}, WrongAudience},
		"another aud in a list": {
			jwt.MapClaims{"aud": []string{"other", "another"}},
			WrongAudience,
		},
		"empty list of aud": {jwt.MapClaims{"aud": []string{}}, WrongAudience},
		"aud a number":      {jwt.MapClaims{"aud": 7}, WrongAudience},
		"numbers in aud":    {jwt.MapClaims{"aud": []any{testAudience, 7}}, Malformed},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			token := signHS256(t, claimsWith(test.claims))
			for range 2 { // rejected tokens are not cached
				mustRefuse(t, v, token, test.want)
			}
		})
	}
}

// With a secret, issuer and audience are checked only if they are configured.
func TestUncheckedClaims(t *testing.T) {
	v := newTestVerifier(t, Config{Secret: testSecret})
	mustVerify(t, v, signHS256(t, claimsWith(jwt.MapClaims{"iss": nil, "aud": nil})))
	mustVerify(t, v, signHS256(t, claimsWith(jwt.MapClaims{"iss": "any", "aud": []string{"any"}})))
}

func TestInvalidUTF8InSubject(t *testing.T) {
	payload := `{"sub":"a` + "\xff" + `","exp":99999999999}`
	mustRefuse(
		t,
		newTestVerifier(t, Config{Secret: testSecret}),
		signRaw(t, `{"alg":"HS256"}`, payload),
		BadSubject,
	)
}

func TestExpiryHasNoLeeway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newSecretVerifier(t)
		token := signHS256(t, claimsWith(jwt.MapClaims{"exp": time.Now().Add(time.Minute).Unix()}))
		fresh := signHS256(
			t,
			claimsWith(jwt.MapClaims{"exp": time.Now().Add(time.Minute).Unix(), "name": "Ada"}),
		)
		fraction := signHS256(
			t,
			claimsWith(jwt.MapClaims{"exp": float64(time.Now().Unix()) + 60.5}),
		)

		mustVerify(t, v, token)
		time.Sleep(time.Minute - time.Nanosecond)
		mustVerify(t, v, token)
		time.Sleep(time.Nanosecond)
		mustRefuse(t, v, token, Expired) // cached
		mustRefuse(t, v, fresh, Expired) // not cached
		mustVerify(t, v, fraction)
		time.Sleep(500 * time.Millisecond)
		mustRefuse(t, v, fraction, Expired)
	})
}

func TestNotBeforeLeeway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newSecretVerifier(t)
		token := signHS256(t, claimsWith(jwt.MapClaims{"nbf": time.Now().Add(time.Minute).Unix()}))
		time.Sleep(29 * time.Second)
		mustRefuse(t, v, token, NotYetValid)
		time.Sleep(time.Second)
		mustVerify(t, v, token)
	})
}
