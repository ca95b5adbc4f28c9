package text

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Kind is what a text is for, which decides the characters that it may have. All are valid UTF-8
// without NUL.
type Kind uint8

// The kinds of text.
const (
	// Opaque is for programs alone, as an idempotency key is.
	Opaque Kind = iota
	// Prose is for people and may have lines. If it must not be empty it has a visible character.
	Prose
	// Label is for people and has one line: no control characters, no line separators, no
	// noncharacters, and none that change the direction of the text around it. Unless it is empty
	// it has a visible character.
	Label
	// ID names a user. It has no control characters and no U+FFFD, which stands for what could not
	// be decoded.
	ID
	// Emoji is a Label without white space.
	Emoji
	// WebAddress is empty or an absolute http or https URL.
	WebAddress
)

// Rule says what a text may be: its kind, and from Least to Most characters.
type Rule struct {
	Kind        Kind
	Least, Most int
}

// Problem returns what is wrong with s, to follow the name of its field in a sentence; "" if
// nothing is.
func (r Rule) Problem(s string) string {
	n := utf8.RuneCountInString(s)
	switch {
	case !utf8.ValidString(s):
		return "is not valid UTF-8"
	case strings.IndexByte(s, 0) >= 0:
		return "contains a NUL character"
	case n < r.Least && n == 0:
		return "must not be empty"
	case n < r.Least:
		return fmt.Sprintf("must have at least %d characters", r.Least)
	case n > r.Most:
		return fmt.Sprintf("has %d characters; at most %d are allowed", n, r.Most)
	}
	switch r.Kind {
	case Prose:
		if r.Least > 0 && !visible(s) {
			return "must not be empty"
		}
	case Label, Emoji:
		return r.labelProblem(s)
	case ID:
		if strings.ContainsFunc(
			s,
			func(c rune) bool { return unicode.IsControl(c) || c == utf8.RuneError },
		) {
			return "contains characters that an id cannot have"
		}
	case WebAddress:
		if s != "" && !isWebAddress(s) {
			return "must be a URL that begins with https:// or http://"
		}
	case Opaque:
	}
	return ""
}

func (r Rule) labelProblem(s string) string {
	for _, c := range s {
		switch {
		case c >= ' ' && c < 0x7f && (c != ' ' || r.Kind == Label):
		case r.Kind == Emoji && unicode.IsSpace(c):
			return "must not contain spaces"
		case !inLabel(c):
			return fmt.Sprintf("must not contain the character U+%04X, which cannot be seen", c)
		}
	}
	if s != "" && !visible(s) {
		return "must have a character that can be seen"
	}
	return ""
}

// Fitting returns what of s may be a label of at most so many characters: characters that no label
// has are left out, and the rest is cut. It is for texts whose author cannot be told, as the claims
// of a token are.
func Fitting(s string, most int) string {
	s = strings.Map(func(c rune) rune {
		if !inLabel(c) {
			return -1
		}
		return c
	}, s)
	if runes := []rune(s); len(runes) > most {
		s = string(runes[:most])
	}
	if !visible(s) {
		return ""
	}
	return s
}

// inLabel reports whether a label may have c.
func inLabel(c rune) bool {
	switch {
	case c < 0x80:
		return c >= ' ' && c != 0x7f
	case c < 0xa0, c == 0x2028, c == 0x2029: // C1 controls, line and paragraph separator
		return false
	case c >= 0x202a && c <= 0x202e,
		c >= 0x2066 && c <= 0x2069: // embeddings, overrides and isolates
		return false
	case c&0xfffe == 0xfffe, c >= 0xfdd0 && c <= 0xfdef: // noncharacters
		return false
	}
	return true
}

// visible reports whether s has a character that can be seen. Those that Unicode has not assigned
// yet count as visible: they may be new emojis.
func visible(s string) bool {
	for _, c := range s {
		if c > ' ' && c < 0x7f || c >= 0x80 && !invisible(c) {
			return true
		}
	}
	return false
}

func invisible(c rune) bool {
	switch {
	case c == 0x2800: // the Braille pattern without dots
		return true
	case unicode.Is(unicode.Prepended_Concatenation_Mark, c):
		return false
	}
	return unicode.IsControl(c) ||
		unicode.In(c, unicode.White_Space, unicode.Cf, unicode.Variation_Selector,
			unicode.Other_Default_Ignorable_Code_Point)
}

func isWebAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" &&
		u.Opaque == "" &&
		!strings.ContainsFunc(s, func(c rune) bool { return unicode.IsSpace(c) || !inLabel(c) })
}

// IsWebAddress reports whether s is an absolute http or https URL of at most so many characters.
func IsWebAddress(s string, most int) bool {
	return s != "" && Rule{WebAddress, 0, most}.Problem(s) == ""
}
