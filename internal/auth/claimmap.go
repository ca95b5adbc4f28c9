package auth

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// The claims that a [ClaimMap] can replace.
const (
	claimSubject = "sub"
	claimName    = "name"
	claimPicture = "picture"
	claimAdmin   = "admin"
)

// ClaimMap has the places of the claims sub, name, picture and admin in the tokens of an identity
// provider that uses other names. [ParseClaims] returns one.
type ClaimMap map[string]claimSource

// claimSource is the place of a claim in a token.
type claimSource struct {
	// name is the source as written: the name of a claim, or a path of names that begins with /.
	name string
	path []string
	// value is the value that the claim must equal or contain to be true, for admin. "": the claim is a
	// boolean.
	value string
}

// ParseClaims returns the ClaimMap of a list such as name=nickname,admin=/realm_access/roles=staff.
// A source that begins with / is a JSON pointer (RFC 6901); any other is the name of a claim, which
// may be a URL. The value after a second = makes a user an administrator.
func ParseClaims(text string) (ClaimMap, error) {
	claims := ClaimMap{}
	if text == "" {
		return claims, nil
	}
	for entry := range strings.SplitSeq(text, ",") {
		claim, source, _ := strings.Cut(strings.TrimSpace(entry), "=")
		source, value, tested := strings.Cut(source, "=")
		_, again := claims[claim]
		path, problem := claimPath(source)
		switch {
		case !slices.Contains([]string{claimSubject, claimName, claimPicture, claimAdmin}, claim):
			problem = "it must begin with sub=, name=, picture= or admin="
		case again:
			problem = claim + " is mapped twice"
		case tested && claim != claimAdmin:
			problem = "only admin can have a value after a second ="
		case tested && value == "":
			problem = "the value after the second = is missing"
		}
		if problem != "" {
			return nil, fmt.Errorf("%q: %s", entry, problem)
		}
		claims[claim] = claimSource{name: source, path: path, value: value}
	}
	return claims, nil
}

// claimPath returns the names that lead to a claim, or the problem of the source.
func claimPath(source string) (path []string, problem string) {
	pointer, nested := strings.CutPrefix(source, "/")
	switch {
	case source == "":
		return nil, "the name of the provider's claim is missing"
	case !nested:
		return []string{source}, ""
	}
	path = strings.Split(pointer, "/")
	for i, name := range path {
		if name == "" {
			return nil, "the path has an empty name"
		}
		path[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(name)
	}
	return path, ""
}

// source returns the place of a claim.
func (m ClaimMap) source(claim string) claimSource {
	if source, mapped := m[claim]; mapped {
		return source
	}
	return claimSource{name: claim, path: []string{claim}}
}

// find returns the claim at the source; nil if the token has none.
func (s claimSource) find(claims jwt.MapClaims) (any, error) {
	value := any(map[string]any(claims))
	for _, name := range s.path {
		object, ok := value.(map[string]any)
		if value == nil {
			return nil, nil //nolint:nilnil // a claim that is left out
		}
		if !ok {
			return nil, malformed(fmt.Sprintf(
				"The token's %q cannot be read: one of its parents is not an object.", s.name,
			))
		}
		value = object[name]
	}
	return value, nil
}

// text returns a claim that is a string.
func (m ClaimMap) text(claims jwt.MapClaims, claim string) (string, error) {
	source := m.source(claim)
	value, err := source.find(claims)
	if err != nil {
		return "", err
	}
	return typed[string](value, source.name)
}

// flag returns a claim that is true or false.
func (m ClaimMap) flag(claims jwt.MapClaims, claim string) (bool, error) {
	source := m.source(claim)
	value, err := source.find(claims)
	if err != nil {
		return false, err
	}
	if source.value == "" {
		return typed[bool](value, source.name)
	}
	switch value := value.(type) {
	case nil:
		return false, nil
	case string:
		return value == source.value, nil
	case []any:
		return slices.Contains(value, any(source.value)), nil
	default:
		return false, malformed(fmt.Sprintf(
			"The token's %q must be a string or a list of strings.", source.name,
		))
	}
}

// set sets a value at the place where the Verifier reads a claim.
func (m ClaimMap) set(claims jwt.MapClaims, claim string, value any) error {
	source := m.source(claim)
	if source.value != "" {
		value = []string{source.value}
	}
	object, last := map[string]any(claims), len(source.path)-1
	for _, name := range source.path[:last] {
		if object[name] == nil {
			object[name] = map[string]any{}
		}
		child, ok := object[name].(map[string]any)
		if !ok {
			return errOverlap
		}
		object = child
	}
	if _, taken := object[source.path[last]]; taken {
		return errOverlap
	}
	object[source.path[last]] = value
	return nil
}

var errOverlap = errors.New("two claims of PARLEY_JWT_CLAIMS are at the same place")
