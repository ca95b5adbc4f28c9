package config

import (
	"fmt"
	"strings"
	"unicode"
)

// minSecretBytes is the length of HS256's hash: a shorter secret can be guessed from a token, and
// RFC 7518, section 3.2 forbids it.
const minSecretBytes = 32

// minSecretVariety is how many different characters a secret must have. 32 random hexadecimal
// digits have fewer once in a billion.
const minSecretVariety = 8

// placeholders returns what occurs in the secrets of examples, in lower case and without other
// characters than letters and digits.
func placeholders() []string {
	return []string{
		"changeme",
		"changethis",
		"replaceme",
		"replacethis",
		"yoursecret",
		"yoursupersecret",
		"your256bit",
		"secretkey",
		"supersecret",
		"mysecret",
		"placeholder",
		"example",
		"secretatleast256bits",
		"longrandomstring",
		"opensslrand",
		"parleyjwtsecret",
		"insertsecret",
	}
}

// secretProblem says why s cannot verify tokens, and what to do; "" if it can. It never repeats s.
func secretProblem(s string) string {
	const generate = "; make one with: openssl rand -hex 32"
	letters := strings.Map(func(r rune) rune {
		if r = unicode.ToLower(r); unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, s)
	variety := make(map[rune]bool)
	for _, r := range s {
		variety[r] = true
	}
	switch {
	case strings.TrimSpace(s) != s:
		return "begins or ends with white space, which is often the end of the line of a file; remove it"
	case len(s) < minSecretBytes:
		return fmt.Sprintf(
			"has %d bytes; HS256 needs %d or more, or it can be guessed from a token",
			len(s),
			minSecretBytes,
		) + generate
	case len(variety) < minSecretVariety:
		return fmt.Sprintf(
			"consists of %d different characters and can be guessed",
			len(variety),
		) + generate
	}
	for _, word := range placeholders() {
		if strings.Contains(letters, word) {
			return "is the placeholder of an example, which everybody knows" + generate
		}
	}
	return ""
}
