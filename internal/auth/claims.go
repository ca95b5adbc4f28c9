package auth

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"
)

const (
	// MaxSubjectLength is the maximum length of a user's id, in characters. It equals chat.MaxID, which
	// this package does not import.
	MaxSubjectLength = 128

	// notBeforeLeeway is how long before its nbf a token is accepted. Issuers set nbf to the time of their
	// own clock, which may be ahead of this machine's. exp has no leeway: the issuer can add some.
	notBeforeLeeway = 30 * time.Second

	// latestDate is the last second of the year 9999. A later time is a mistake, usually a time in
	// milliseconds.
	latestDate = 253402300799
)

// identify returns the identity in the claims of a token whose signature is valid. It rejects tokens for
// other servers, expired ones, and those that are not valid yet. It does not check an empty issuer or
// audience.
//
// The claims are a map because a struct would accept "Admin" as "admin" (RFC 7519, section 10.1.1: names
// are case-sensitive).
func identify(
	claims jwt.MapClaims, names ClaimMap, issuer, audience string, now time.Time,
) (Identity, error) {
	if err := checkOrigin(claims, issuer, audience); err != nil {
		return Identity{}, err
	}
	expiresAt, err := checkTimes(claims, now)
	if err != nil {
		return Identity{}, err
	}
	id, err := names.text(claims, claimSubject)
	if err != nil {
		return Identity{}, err
	}
	if err := checkSubject(id, names.source(claimSubject).name); err != nil {
		return Identity{}, err
	}
	name, err := names.text(claims, claimName)
	if err != nil {
		return Identity{}, err
	}
	picture, err := names.text(claims, claimPicture)
	if err != nil {
		return Identity{}, err
	}
	admin, err := names.flag(claims, claimAdmin)
	if err != nil {
		return Identity{}, err
	}
	return Identity{
		ID:        id,
		Name:      withoutControls(name),
		Picture:   withoutControls(picture),
		Admin:     admin,
		ExpiresAt: expiresAt,
	}, nil
}

// checkOrigin rejects a token of another issuer or for another application.
func checkOrigin(claims jwt.MapClaims, issuer, audience string) error {
	if issuer != "" {
		iss, err := optional[string](claims, "iss")
		if err != nil {
			return err
		}
		if iss != issuer {
			return refuse(
				WrongIssuer,
				`The token comes from another issuer (its "iss") than this server trusts.`,
			)
		}
	}
	if audience != "" {
		aud, err := claims.GetAudience() // a string or an array of strings: RFC 7519, section 4.1.3
		if err != nil {
			return malformed(`The token's "aud" must be a string or a list of strings.`)
		}
		if !slices.Contains(aud, audience) {
			return refuse(
				WrongAudience,
				`The token is not meant for this server: its "aud" does not name it.`,
			)
		}
	}
	return nil
}

// checkTimes returns the expiry of the token, which must be later than now.
func checkTimes(claims jwt.MapClaims, now time.Time) (expiresAt time.Time, err error) {
	exp, err := optional[float64](claims, "exp")
	if err != nil {
		return time.Time{}, err
	}
	if claims["exp"] == nil {
		return time.Time{}, refuse(
			BadExpiry,
			`The token has no "exp": one that never expires is not accepted.`,
		)
	}
	if exp < 0 || exp > latestDate {
		return time.Time{}, refuse(
			BadExpiry,
			`The token's "exp" is not a plausible time. It is in seconds since 1970, not in milliseconds.`,
		)
	}
	expiresAt = numericDate(exp)
	if !now.Before(expiresAt) {
		return time.Time{}, expired()
	}

	nbf, err := optional[float64](claims, "nbf")
	if err != nil {
		return time.Time{}, err
	}
	if nbf > latestDate || numericDate(max(nbf, 0)).After(now.Add(notBeforeLeeway)) {
		return time.Time{}, refuse(
			NotYetValid,
			`The token is not valid yet: its "nbf" is in the future.`,
		)
	}
	return expiresAt, nil
}

func expired() *Error {
	return refuse(Expired, "The token has expired. Sign in again.")
}

// numericDate converts seconds since 1970 (RFC 7519, section 2), which may have a fraction.
func numericDate(seconds float64) time.Time {
	whole, fraction := math.Modf(seconds)
	return time.Unix(int64(whole), int64(fraction*1e9)).UTC()
}

// checkSubject rejects invalid user ids. The JSON decoder replaces invalid UTF-8 and incomplete surrogate
// pairs by U+FFFD: accepting it would give several users the same id.
func checkSubject(id, claim string) error {
	unreadable := func(r rune) bool { return r == utf8.RuneError || unicode.IsControl(r) }
	switch {
	case id == "":
		return refuse(
			BadSubject,
			fmt.Sprintf("The token does not say who you are: its %q is missing or empty.", claim),
		)
	case utf8.RuneCountInString(id) > MaxSubjectLength:
		return refuse(
			BadSubject,
			fmt.Sprintf("The token's %q is longer than %d characters.", claim, MaxSubjectLength),
		)
	case strings.ContainsFunc(id, unreadable):
		return refuse(
			BadSubject,
			fmt.Sprintf(
				"The token's %q has a control character, or one that is not valid UTF-8.",
				claim,
			),
		)
	}
	return nil
}

func withoutControls(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, s)
}

// optional returns the claim with the name, or T's zero value if it is missing or null. It rejects a claim
// of another type: the string "true" does not make a user an admin.
func optional[T string | float64 | bool](claims jwt.MapClaims, name string) (T, error) {
	return typed[T](claims[name], name)
}

// typed returns the value of the claim with the name, or T's zero value if it is nil.
func typed[T string | float64 | bool](claim any, name string) (T, error) {
	value, ok := claim.(T)
	if !ok && claim != nil {
		return value, malformed(fmt.Sprintf("The token's %q must be a %s.", name, jsonType(value)))
	}
	return value, nil
}

// jsonType returns the JSON name of the type of a value.
func jsonType(value any) string {
	switch value.(type) {
	case string:
		return "string"
	case float64:
		return "number"
	default:
		return "boolean"
	}
}
