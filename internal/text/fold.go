// Package text has the rules for what users write: which characters a text may have, and the form
// in which texts are compared.
package text

import (
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Fold returns the form in which texts are searched and compared: case does not matter (Unicode's
// full case folding, so ß is ss and ς is σ), nor how a letter with an accent is written
// (normalization form C).
func Fold(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	return norm.NFC.String(cases.Fold().String(norm.NFD.String(s)))
}

// TagKey returns the form in which tags are compared: two tags with the same key are one.
func TagKey(tag string) string { return Fold(strings.TrimSpace(tag)) }

// SearchText returns what the words of a search are looked for in.
func SearchText(name, description string, tags []string) string {
	return Fold(strings.Join(append([]string{name, description}, tags...), "\n"))
}

// EmojiKey returns the form in which emojis are compared: without the variation selectors that ask
// for a picture or for a letter, which keyboards put differently.
func EmojiKey(emoji string) string {
	if isASCII(emoji) {
		return emoji
	}
	return strings.Map(func(r rune) rune {
		if r == 0xfe0e || r == 0xfe0f {
			return -1
		}
		return r
	}, emoji)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
