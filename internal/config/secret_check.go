package config

import (
	"fmt"
	"strings"
	"unicode"
)

// minSecretVariety is the minimum number of different characters of a secret. 32 random hexadecimal
// digits have fewer in one of a billion cases.
const minSecretVariety = 8

// placeholders returns parts of the secrets in examples, reduced to lower-case letters and digits.
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

// secretProblem returns why s is not a safe secret and how to solve it, or "" if it is safe. The text
// does not contain s. Package auth checks the length.
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
		return "begins or ends with white space, often the line break at the end of a file; remove it"
	case len(variety) < minSecretVariety:
		return fmt.Sprintf(
			"consists of %d different characters and can be guessed",
			len(variety),
		) + generate
	}
	for _, word := range placeholders() {
		if strings.Contains(letters, word) {
			return "is the placeholder of an example and publicly known" + generate
		}
	}
	return ""
}
