package auth

import "strings"

// Bearer returns the token of an Authorization header's value, "Bearer <token>" (RFC 6750, section
// 2.1). The scheme may be in any case (RFC 9110, section 11.1). ok is false if there is no such
// token.
func Bearer(header string) (token string, ok bool) {
	scheme, token, found := strings.Cut(strings.Trim(header, " \t"), " ")
	if !found || !strings.EqualFold(scheme, "Bearer") {
		return "", false
	}
	token = strings.TrimLeft(token, " ")
	if !isToken68(token) {
		return "", false
	}
	return token, true
}

// isToken68 reports whether s is a b64token of RFC 6750, which RFC 9110 calls token68.
func isToken68(s string) bool {
	body := strings.TrimRight(s, "=")
	if body == "" {
		return false
	}
	for i := range len(body) {
		if c := body[i]; !isBase64URL(c) && !strings.ContainsRune(".~+/", rune(c)) {
			return false
		}
	}
	return true
}

func isBase64URL(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' ||
		c == '_'
}
