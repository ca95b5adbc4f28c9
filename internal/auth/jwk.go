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
	// minRSABits is what RFC 7518, section 3.3, asks of a key for RS256.
	minRSABits = 2048
)

// parse reads a JSON Web Key Set (RFC 7517, section 5). A key that is of no use here is left out
// and does not take the others with it: sets are shared with other applications, and hold keys for
// encryption and for newer algorithms.
func (s *keySet) parse(ctx context.Context, document []byte) ([]publicKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(document, &set); err != nil {
		return nil, fmt.Errorf("read the key set: %w", err)
	}
	if set.Keys == nil { // an empty list takes back every key; something that is no key set does not
		return nil, errors.New(`read the key set: it has no "keys"`)
	}
	if len(set.Keys) > maxKeys {
		return nil, fmt.Errorf("read the key set: it has more than %d keys", maxKeys)
	}
	keys := make([]publicKey, 0, len(set.Keys))
	for i, raw := range set.Keys {
		key, err := parseKey(raw)
		if err != nil {
			s.log.InfoContext(ctx, "a key of the key set is left out", "index", i, "error", err)
			continue
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// parseKey reads one public key that signatures may be verified with.
func parseKey(raw json.RawMessage) (publicKey, error) {
	var m jwkset.JWKMarshal
	if err := json.Unmarshal(raw, &m); err != nil {
		return publicKey{}, fmt.Errorf("read the key: %w", err)
	}
	if m.USE != "" && m.USE != jwkset.UseSig ||
		len(m.KEYOPS) > 0 && !slices.Contains(m.KEYOPS, jwkset.KeyOpsVerify) {
		return publicKey{}, errors.New("it is not for verifying signatures")
	}
	// What makes the key trusted is the address it comes from. Its certificates play no part, and
	// fetching them would let the document choose addresses.
	m.X5U, m.X5C, m.X5T, m.X5TS256 = "", nil, "", ""

	// Without the option Private, private halves are ignored and symmetric keys refused.
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

// algorithmOf returns the one algorithm that the key may verify.
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
