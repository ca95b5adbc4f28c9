package auth

import (
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

func mustParseClaims(t *testing.T, text string) ClaimMap {
	t.Helper()
	claims, err := ParseClaims(text)
	if err != nil {
		t.Fatal(err)
	}
	return claims
}

// TestMappedClaims verifies tokens in the form of Auth0, Keycloak and others, and tokens of an Issuer
// with the same map.
func TestMappedClaims(t *testing.T) {
	type object = map[string]any
	all := Identity{ID: "ada", Name: "Ada", Picture: "p", Admin: true}
	for name, test := range map[string]struct {
		claims string
		token  jwt.MapClaims
		want   Identity
	}{
		"a URL": {
			"admin=https://example.com/admin,name=nickname",
			jwt.MapClaims{"nickname": "Ada", "name": "no", "https://example.com/admin": true, "picture": "p"},
			all,
		},
		"a role": {
			"name=preferred_username, admin=/realm_access/roles=chat-admin",
			jwt.MapClaims{
				"preferred_username": "Ada", "picture": "p",
				"realm_access": object{"roles": []string{"user", "chat-admin"}},
			},
			all,
		},
		"another role": {
			"admin=/realm_access/roles=chat-admin",
			jwt.MapClaims{"realm_access": object{"roles": []string{"chat-admin2", "no chat-admin"}}},
			Identity{ID: "ada"},
		},
		"no role":          {"admin=/realm_access/roles=x", nil, Identity{ID: "ada"}},
		"one role":         {"admin=role=staff", jwt.MapClaims{"role": "staff"}, Identity{ID: "ada", Admin: true}},
		"a part of a role": {"admin=role=staff", jwt.MapClaims{"role": "staff x"}, Identity{ID: "ada"}},
		"admin itself":     {"admin=role=staff", jwt.MapClaims{"admin": true}, Identity{ID: "ada"}},
		"escaped":          {"sub=/a~1b/~0", jwt.MapClaims{"sub": "eve", "a/b": object{"~": "ada"}}, Identity{ID: "ada"}},
		"dots":             {"sub=a.b", jwt.MapClaims{"a.b": "ada", "a": object{"b": "eve"}}, Identity{ID: "ada"}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := Config{Secret: testSecret, Claims: mustParseClaims(t, test.claims)}
			v := newTestVerifier(t, cfg)
			got := mustVerify(t, v, signHS256(t, claimsWith(test.token)))
			got.ExpiresAt = time.Time{}
			if got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
			for _, want := range []Identity{test.want, all} {
				want.ExpiresAt = time.Now().Add(time.Hour).Truncate(time.Second).UTC()
				token, _, err := newTestIssuer(t, cfg).Sign(want, time.Now())
				if err != nil {
					t.Fatal(err)
				}
				if got := mustVerify(t, v, token); got != want {
					t.Errorf("signed: got %+v, want %+v", got, want)
				}
			}
		})
	}
}

func TestMappedClaimsRefused(t *testing.T) {
	cfg := Config{
		Secret: testSecret,
		Claims: mustParseClaims(t, "sub=/user/id,name=nick,admin=/access/roles=staff"),
	}
	v := newTestVerifier(t, cfg)
	type object = map[string]any
	user := object{"id": "ada"}
	mustVerify(t, v, signHS256(t, claimsWith(jwt.MapClaims{"user": user})))
	for name, test := range map[string]struct {
		claims jwt.MapClaims
		want   Reason
	}{
		"no user":              {nil, BadSubject},
		"no id":                {jwt.MapClaims{"user": object{}}, BadSubject},
		"user a string":        {jwt.MapClaims{"user": "ada"}, Malformed},
		"id a number":          {jwt.MapClaims{"user": object{"id": 1}}, Malformed},
		"name a list":          {jwt.MapClaims{"user": user, "nick": []string{}}, Malformed},
		"roles an object":      {jwt.MapClaims{"user": user, "access": object{"roles": object{}}}, Malformed},
		"roles true":           {jwt.MapClaims{"user": user, "access": object{"roles": true}}, Malformed},
		"the parent is a list": {jwt.MapClaims{"user": user, "access": []string{"roles"}}, Malformed},
	} {
		t.Run(name, func(t *testing.T) {
			mustRefuse(t, v, signHS256(t, claimsWith(test.claims)), test.want)
		})
	}
}

func TestParseClaimsRefuses(t *testing.T) {
	for _, text := range []string{
		"x", "role=x", "sub", "sub=", "name=a,name=b", "name=a=b", "admin=a=", "admin==x", "sub=/",
		"sub=/a//b", "name=a,", "Admin=a",
	} {
		if claims, err := ParseClaims(text); err == nil {
			t.Errorf("%q: %v", text, claims)
		}
	}
	i := newTestIssuer(
		t,
		Config{Secret: testSecret, Claims: mustParseClaims(t, "sub=a,admin=/a/b")},
	)
	if _, _, err := i.Sign(Identity{ID: "ada", Admin: true}, time.Now()); err == nil {
		t.Error("signed a token whose claims overlap")
	}
}
