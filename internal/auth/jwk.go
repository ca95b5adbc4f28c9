package auth

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"
)

const (
	// maxKeys bounds the work that a token without a kid can cause. Real sets have fewer than ten.
	maxKeys = 32
	// minRSABits is the minimum size of a key for RS256 (RFC 7518, section 3.3).
	minRSABits = 2048
)

// parse parses a JSON Web Key Set (RFC 7517, section 5). It ignores keys that it cannot use: sets are
// shared with other applications, and contain keys for encryption and for newer algorithms.
func (s *keySet) parse(ctx context.Context, document []byte) ([]publicKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(document, &set); err != nil {
		return nil, fmt.Errorf("read the key set: %w", err)
	}
	if set.Keys == nil { // an empty list revokes all keys; a document without a list does not
		return nil, errors.New(`read the key set: it has no "keys"`)
	}
	if len(set.Keys) > maxKeys {
		return nil, fmt.Errorf("read the key set: it has more than %d keys", maxKeys)
	}
	keys := make([]publicKey, 0, len(set.Keys))
	for i, raw := range set.Keys {
		key, err := parseKey(raw)
		if err != nil {
			s.log.InfoContext(ctx, "ignoring a key of the key set", "index", i, "error", err)
			continue
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// parseKey parses a public key for verifying signatures.
func parseKey(raw json.RawMessage) (publicKey, error) {
	var m jwkset.JWKMarshal
	if err := json.Unmarshal(raw, &m); err != nil {
		return publicKey{}, fmt.Errorf("read the key: %w", err)
	}
	if m.USE != "" && m.USE != jwkset.UseSig ||
		len(m.KEYOPS) > 0 && !slices.Contains(m.KEYOPS, jwkset.KeyOpsVerify) {
		return publicKey{}, errors.New("it is not for verifying signatures")
	}
	// The URL of the set makes the key trusted. Its certificates are ignored: fetching them would let the
	// document choose addresses.
	m.X5U, m.X5C, m.X5T, m.X5TS256 = "", nil, "", ""

	// Without the option Private, private parts are ignored and symmetric keys rejected.
	jwk, err := jwkset.NewJWKFromMarshal(m, jwkset.JWKMarshalOptions{}, jwkset.JWKValidateOptions{})
	if err != nil {
		return publicKey{}, fmt.Errorf("read the key: %w", err)
	}
	algorithm, err := algorithmOf(jwk.Key())
	if err != nil {
		return publicKey{}, err
	}
	if m.ALG != "" && m.ALG.String() != algorithm {
		return publicKey{}, fmt.Errorf("it is for another algorithm than %s", algorithm)
	}
	return publicKey{id: m.KID, algorithm: algorithm, key: jwk.Key()}, nil
}

// algorithmOf returns the only algorithm that the key may verify.
func algorithmOf(key crypto.PublicKey) (string, error) {
	switch key := key.(type) {
	case *rsa.PublicKey:
		if key.N.BitLen() < minRSABits {
			return "", fmt.Errorf("an RSA key of fewer than %d bits is not safe", minRSABits)
		}
		return jwt.SigningMethodRS256.Alg(), nil
	case *ecdsa.PublicKey:
		if key.Curve != elliptic.P256() {
			return "", errors.New("its curve is not P-256")
		}
		return jwt.SigningMethodES256.Alg(), nil
	case ed25519.PublicKey:
		return jwt.SigningMethodEdDSA.Alg(), nil
	default:
		return "", fmt.Errorf("it is of a kind (%T) that no accepted algorithm uses", key)
	}
}
