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

// MinSecretBytes is the minimum length of an HS256 secret: the length of the hash (RFC 7518, section
// 3.2). A shorter secret could be guessed from a token.
const MinSecretBytes = 32

// Config configures which tokens are accepted. Exactly one of Secret and JWKSURL is set.
type Config struct {
	// Secret verifies tokens signed with HS256. It has at least MinSecretBytes
	// bytes, which are used as they are.
	Secret []byte
	// JWKSURL is the URL of the key set that verifies tokens signed with RS256, ES256 or EdDSA: https,
	// or http on a loopback address.
	JWKSURL string
	// Issuer must be the token's iss. It is required with JWKSURL. If it is empty, with Secret, any iss is
	// accepted.
	Issuer string
	// Audience must equal the token's aud, or be in its list. It is required with JWKSURL, whose keys sign
	// tokens for other applications, too. If it is empty, with Secret, any aud is accepted.
	Audience string
	// Claims has the places of the claims of a user.
	Claims ClaimMap
	// Log receives an entry when the key set cannot be fetched. Nil: no log.
	Log *slog.Logger
	// Panics recovers panics while keys are fetched. Nil recovers them without counting.
	Panics *panics.Guard
}

// Validate returns all problems of the configuration. The messages name the settings.
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
			errors.New("PARLEY_JWT_SECRET and PARLEY_JWKS_URL are both set: remove one"),
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
					"or tokens for other applications would be accepted",
			))
		}
	}
	return errors.Join(errs...)
}

// validateJWKSURL rejects URLs over which an attacker could replace the keys. The messages do not contain
// the URL, because it may contain a password.
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

// validPort reports whether a URL may have this port; "" is the default of the scheme.
func validPort(port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return port == "" || err == nil && n > 0
}

// IsLoopback reports whether host is localhost or a loopback address. It does not resolve other names,
// because their addresses can change.
func IsLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && addr.IsLoopback()
}
