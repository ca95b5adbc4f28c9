package chat

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of what a caller may give, in characters where they are about text.
const (
	MaxID             = 128
	MaxName           = 200
	MaxAddress        = 2000 // of a picture
	MaxDescription    = 2000
	MaxTags           = 20
	MaxTag            = 50
	maxSearch         = 200
	MaxIdempotencyKey = 200
	maxNamed          = 1000 // people in one call
	maxMentions       = 100  // people in one message
)

// checkText accepts valid UTF-8 without NUL of least to most characters.
func checkText(field, s string, least, most int) error {
	switch n := utf8.RuneCountInString(s); {
	case !utf8.ValidString(s):
		return badInput(field, field+" is not valid UTF-8.")
	case strings.ContainsRune(s, 0):
		return badInput(field, field+" contains a NUL character.")
	case n < least && n == 0:
		return badInput(field, field+" must not be empty.")
	case n < least:
		return badInput(field, fmt.Sprintf("%s must have at least %d characters.", field, least))
	case n > most:
		return badInput(field, fmt.Sprintf("%s has %d characters; at most %d are allowed.", field, n, most))
	}
	return nil
}

// checkID accepts what can be the id of a person: what a token may carry as its sub.
func checkID(field, id string) error {
	if strings.ContainsFunc(id, func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError }) {
		return badInput(field, field+" contains characters that an id cannot have.")
	}
	return checkText(field, id, 1, MaxID)
}

// checkOptional is checkText for a value that may be left out.
func checkOptional(field string, s *string, least, most int) error {
	if s == nil {
		return nil
	}
	return checkText(field, *s, least, most)
}

// checkMaxUsers accepts the size of a room, as far as GraphQL's Int goes.
func checkMaxUsers(n int) error {
	if n < 0 || n > math.MaxInt32 {
		return badInput("maxUsers", fmt.Sprintf("maxUsers must be from 0, which is unlimited, to %d.", math.MaxInt32))
	}
	return nil
}

// checkIDs accepts at most so many people's ids and returns them in order, each once, without the one left out.
func checkIDs(field string, ids []string, most int, without string) ([]string, error) {
	if len(ids) > most {
		return nil, badInput(field, fmt.Sprintf("%s names %d people; at most %d are allowed.", field, len(ids), most))
	}
	seen := make(map[string]bool, len(ids))
	out := make([]string, 0, len(ids))
	for _, id := range ids {
		if err := checkID(field, id); err != nil {
			return nil, err
		}
		if id != without && !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out, nil
}

// checkTags accepts a room's tags and returns them in order, each once.
func checkTags(field string, tags []string) ([]string, error) {
	if len(tags) > MaxTags {
		return nil, badInput(field, fmt.Sprintf("%s has %d entries; at most %d are allowed.", field, len(tags), MaxTags))
	}
	var out []string
	for _, tag := range tags {
		if err := checkText(field, tag, 1, MaxTag); err != nil {
			return nil, err
		}
		if !slices.Contains(out, tag) {
			out = append(out, tag)
		}
	}
	return out, nil
}

// fold is the form in which names and tags are searched for: case does not matter.
func fold(s string) string { return strings.ToLower(s) }
