package auth

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	lru "github.com/hashicorp/golang-lru/v2"
)

const (
	// MaxTokenBytes is the maximum size of a token. A longer token is rejected before it is parsed.
	MaxTokenBytes = 8 << 10

	// maxKnownTokens is the size of the cache of verified tokens, which take about half a kilobyte each.
	maxKnownTokens = 10_000
)

// Verifier verifies tokens and returns the identity of their users. It is safe for concurrent use.
//
// It caches verified tokens by their SHA-256, so that it verifies each signature only once. It checks their
// expiry on every call, and evicts them when the key set changes. So a key that is removed from the set is
// accepted for at most five more minutes (refreshInterval), or for a day if the set cannot be fetched
// (maxStale).
type Verifier struct {
	parser           *jwt.Parser
	algorithms       []string
	issuer, audience string
	claims           ClaimMap
	secret           []byte
	keys             *keySet // nil with a secret
	known            *lru.Cache[[sha256.Size]byte, knownToken]
}

// knownToken is a verified token, with the generation of the keys that verified it.
type knownToken struct {
	identity   Identity
	generation uint64
}

// NewVerifier returns a Verifier of the tokens that cfg describes.
//
// With a key set it starts one goroutine, which fetches the set immediately and then at intervals until
// ctx ends or Close is called. NewVerifier does not wait for it: if the set cannot be fetched, the log says
// so, and tokens are rejected with KeysUnavailable until a retry succeeds.
func NewVerifier(ctx context.Context, cfg Config) (*Verifier, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("verify tokens: %w", err)
	}
	known, err := lru.New[[sha256.Size]byte, knownToken](maxKnownTokens)
	if err != nil {
		return nil, fmt.Errorf("create the cache of verified tokens: %w", err)
	}
	v := &Verifier{
		algorithms: []string{jwt.SigningMethodHS256.Alg()},
		issuer:     cfg.Issuer,
		audience:   cfg.Audience,
		claims:     cfg.Claims,
		secret:     cfg.Secret,
		known:      known,
	}
	if cfg.JWKSURL != "" {
		v.algorithms = []string{
			jwt.SigningMethodRS256.Alg(),
			jwt.SigningMethodES256.Alg(),
			jwt.SigningMethodEdDSA.Alg(),
		}
		v.keys = newKeySet(ctx, cfg.JWKSURL, cfg.Log, cfg.Panics)
	}
	v.parser = jwt.NewParser(
		jwt.WithValidMethods(v.algorithms),
		jwt.WithStrictDecoding(),
		jwt.WithoutClaimsValidation(), // identify validates them: the library has one leeway for both exp and nbf
	)
	return v, nil
}

// Close stops fetching the key set and waits until the goroutine has ended. Later calls of Verify use the
// last keys.
func (v *Verifier) Close() {
	if v.keys != nil {
		v.keys.close()
	}
}

// Verify returns the identity of the token's user, or an *Error if the token is rejected.
//
// It waits for the key set only if the token's key is not in the current set, and at most until ctx ends.
func (v *Verifier) Verify(ctx context.Context, token string) (Identity, error) {
	if len(token) > MaxTokenBytes {
		return Identity{}, malformed(
			fmt.Sprintf("The token is longer than %d bytes.", MaxTokenBytes),
		)
	}
	now := time.Now()
	digest := sha256.Sum256([]byte(token))
	// Load the generation before the keys: if they change meanwhile, the token is only verified once more.
	generation := v.generation()

	if known, ok := v.known.Get(digest); ok && known.generation == generation {
		if !now.Before(known.identity.ExpiresAt) {
			v.known.Remove(digest)
			return Identity{}, expired()
		}
		return known.identity, nil
	}

	claims, err := v.verifySignature(ctx, token)
	if err != nil {
		return Identity{}, err
	}
	identity, err := identify(claims, v.claims, v.issuer, v.audience, now)
	if err != nil {
		return Identity{}, err
	}
	v.known.Add(digest, knownToken{identity: identity, generation: generation})
	return identity, nil
}

// Known returns the identity of a token that Verify has accepted, while it is cached
// and Verify would accept it again. It does not verify a signature.
func (v *Verifier) Known(token string) (identity Identity, ok bool) {
	if len(token) > MaxTokenBytes {
		return Identity{}, false
	}
	known, ok := v.known.Get(sha256.Sum256([]byte(token)))
	if !ok || known.generation != v.generation() || !time.Now().Before(known.identity.ExpiresAt) {
		return Identity{}, false
	}
	return known.identity, true
}

// generation changes when the keys change.
func (v *Verifier) generation() uint64 {
	if v.keys == nil {
		return 0
	}
	return v.keys.current.Load().generation
}

// verifySignature returns the claims of a token that is signed with one of the keys and its algorithm.
func (v *Verifier) verifySignature(ctx context.Context, token string) (jwt.MapClaims, error) {
	// The base64 decoder skips line breaks, so that one token would have many forms.
	if strings.ContainsFunc(
		token,
		func(r rune) bool { return r > 0x7f || r != '.' && !isBase64URL(byte(r)) },
	) {
		return nil, malformed("The token has a character that no token has.")
	}
	claims := jwt.MapClaims{}
	parsed, err := v.parser.ParseWithClaims(
		token,
		claims,
		func(t *jwt.Token) (any, error) { return v.key(ctx, t) },
	)
	if err != nil {
		return nil, v.refusal(parsed, err)
	}
	return claims, nil
}

// key returns the keys that may verify the token's signature. The parser has checked the algorithm.
func (v *Verifier) key(ctx context.Context, token *jwt.Token) (any, error) {
	if _, ok := token.Header["crit"]; ok { // RFC 7515, section 4.1.11
		return nil, malformed(
			`The token needs an extension ("crit") that this server does not have.`,
		)
	}
	if v.keys == nil {
		return v.secret, nil
	}
	id, ok := token.Header["kid"].(string)
	if !ok && token.Header["kid"] != nil {
		return nil, malformed(`The token's "kid" must be a string.`)
	}
	return v.keys.find(ctx, id, token.Method.Alg())
}

// refusal returns the error for an error of the parser, whose own message may contain parts of the token.
func (v *Verifier) refusal(token *jwt.Token, err error) error {
	if refused, ok := errors.AsType[*Error](err); ok {
		return refused
	}
	if errors.Is(err, jwt.ErrTokenMalformed) {
		return malformed(
			"This is not a token: a JSON Web Token has three parts, in base64url, with dots between them.",
		)
	}
	if algorithm, ok := token.Header["alg"].(string); !ok ||
		!slices.Contains(v.algorithms, algorithm) {
		return refuse(
			AlgorithmNotAllowed,
			"The token is not signed in a way that this server accepts: "+strings.Join(
				v.algorithms,
				", ",
			)+".",
		)
	}
	return &Error{Reason: BadSignature, Message: "The token's signature is wrong.", cause: err}
}
