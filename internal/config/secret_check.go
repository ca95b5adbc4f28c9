package config

import (
	"fmt"
	"strings"
	"unicode"
)

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

// secretProblem says why s should not verify tokens, and what to do; "" if it may. It never repeats
// s. Package auth checks its length.
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
