package auth

import (
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// DevelopmentTokenLifetime is how long a token of an Issuer is valid.
const DevelopmentTokenLifetime = 24 * time.Hour

// Issuer signs tokens for development mode, for any user and without a password. In production the
// application issues tokens.
type Issuer struct {
	secret           []byte
	issuer, audience string
	claims           ClaimMap
}

// NewIssuer returns an Issuer of tokens that a Verifier of the same configuration accepts. It needs
// a secret: a key set contains no private keys.
func NewIssuer(cfg Config) (*Issuer, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("issue tokens: %w", err)
	}
	if len(cfg.Secret) == 0 {
		return nil, errors.New("issue tokens: a key set cannot sign, only a secret can")
	}
	return &Issuer{cfg.Secret, cfg.Issuer, cfg.Audience, cfg.Claims}, nil
}

// Issue signs a token of a user that expires after DevelopmentTokenLifetime. The token has the name unless
// it is empty. See [Issuer.Sign].
func (i *Issuer) Issue(
	id, name string,
	now time.Time,
) (token string, expiresAt time.Time, err error) {
	return i.Sign(
		Identity{ID: id, Name: name, ExpiresAt: now.Add(DevelopmentTokenLifetime)}, now,
	)
}

// Sign signs a token by which a [Verifier] identifies the user. It is valid from now until
// expiresAt, the ExpiresAt of the identity in whole seconds and UTC. It returns an *Error with
// BadSubject if the id is invalid.
func (i *Issuer) Sign(
	identity Identity, now time.Time,
) (token string, expiresAt time.Time, err error) {
	if err := checkSubject(identity.ID, claimSubject); err != nil {
		return "", time.Time{}, err
	}
	expiresAt = identity.ExpiresAt.Truncate(time.Second).UTC()
	claims := jwt.MapClaims{"iat": now.Unix(), "exp": expiresAt.Unix()}
	var errs []error
	set := func(claim string, value any, given bool) {
		if given {
			errs = append(errs, i.claims.set(claims, claim, value))
		}
	}
	set("iss", i.issuer, i.issuer != "")
	set("aud", i.audience, i.audience != "")
	set(claimSubject, identity.ID, true)
	set(claimName, identity.Name, identity.Name != "")
	set(claimPicture, identity.Picture, identity.Picture != "")
	set(claimAdmin, true, identity.Admin)
	if err := errors.Join(errs...); err != nil {
		return "", time.Time{}, err
	}
	token, err = jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString(i.secret)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("sign a token: %w", err)
	}
	if len(token) > MaxTokenBytes {
		return "", time.Time{}, malformed("The name is too long to be put into a token.")
	}
	return token, expiresAt, nil
}

// RandomSecret returns a new random secret of MinSecretBytes.
func RandomSecret() []byte {
	secret := make([]byte, MinSecretBytes)
	rand.Read(secret) // never fails: the program ends instead
	return secret
}
