package auth

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"parley/internal/panics"
)

// MinSecretBytes is the length below which an HS256 secret can be guessed from a token: that of the
// hash (RFC 7518, section 3.2). A shorter one is refused.
const MinSecretBytes = 32

// Config says which tokens to accept. Exactly one of Secret and JWKSURL is set.
type Config struct {
	// Secret verifies tokens signed with HS256. It is used byte for byte and has MinSecretBytes of
	// them or more.
	Secret []byte
	// JWKSURL is where the key set is that verifies tokens signed with RS256, ES256 or EdDSA:
	// https, or http on a loopback address.
	JWKSURL string
	// Issuer must be the token's iss. It is required with JWKSURL; left out with Secret, any iss is
	// accepted.
	Issuer string
	// Audience must be, or be among, the token's aud. It is required with JWKSURL, whose keys sign
	// tokens for other applications too; left out with Secret, any aud is accepted.
	Audience string
	// Claims says where the claims of a user are.
	Claims ClaimMap
	// Log receives an entry when the key set cannot be fetched. Nil: there is none.
	Log *slog.Logger
	// Panics contains the panics of the fetching of keys; nil contains them without counting.
	Panics *panics.Guard
}

// Validate returns everything that is wrong with the configuration, in the words of the settings it
// comes from.
func (c Config) Validate() error {
	var errs []error
	switch {
	case len(c.Secret) == 0 && c.JWKSURL == "":
		errs = append(
			errs,
			errors.New("nothing to verify tokens with: set PARLEY_JWT_SECRET or PARLEY_JWKS_URL"),
		)
	case len(c.Secret) != 0 && c.JWKSURL != "":
		errs = append(
			errs,
			errors.New("PARLEY_JWT_SECRET and PARLEY_JWKS_URL are both set: leave one out"),
		)
	}
	if n := len(c.Secret); 0 < n && n < MinSecretBytes {
		errs = append(errs, fmt.Errorf("PARLEY_JWT_SECRET has %d bytes; HS256 needs %d or more, "+
			"or it can be guessed from a token: openssl rand -hex 32", n, MinSecretBytes))
	}
	if c.JWKSURL != "" {
		errs = append(errs, validateJWKSURL(c.JWKSURL))
		if c.Issuer == "" {
			errs = append(errs, errors.New(
				"PARLEY_JWKS_URL needs PARLEY_JWT_ISSUER: set it to the iss of the tokens to accept",
			))
		}
		if c.Audience == "" {
			errs = append(errs, errors.New(
				"PARLEY_JWKS_URL needs PARLEY_JWT_AUDIENCE: set it to the aud of the tokens to accept, "+
					"or tokens for other applications would be good here",
			))
		}
	}
	return errors.Join(errs...)
}

// validateJWKSURL keeps the keys from coming over a wire on which they can be replaced. The address
// is left out of the messages: it may hold a password.
func validateJWKSURL(raw string) error {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || u.Fragment != "" || !validPort(u.Port()) {
		return errors.New(
			"PARLEY_JWKS_URL is not a web address: give one such as https://login.example.com/jwks.json",
		)
	}
	switch {
	case u.Scheme == "https":
		return nil
	case u.Scheme == "http" && IsLoopback(u.Hostname()):
		return nil
	default:
		return errors.New(
			"PARLEY_JWKS_URL must begin with https:// (http:// is for loopback addresses only)",
		)
	}
}

// validPort reports whether a URL may have this port; "" is the scheme's own.
func validPort(port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return port == "" || err == nil && n > 0
}

// IsLoopback reports whether host is this machine alone. It looks up no other names: what they mean
// can change.
func IsLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && addr.IsLoopback()
}
