package chat

import (
	"math"
	"strings"

	"parley/internal/text"
)

// Limits of what a caller may give, in characters where they are about text.
const (
	MaxID             = 128 // equals auth.MaxSubjectLength, because a user's id is the subject of a token
	MaxName           = 200
	MaxAddress        = 2000 // of a picture
	MaxDescription    = 2000
	MaxTags           = 20
	MaxTag            = 50
	maxSearch         = 200
	MaxIdempotencyKey = 200
	maxUserIDs        = 1000 // people in one call
	maxMentions       = 100  // people in one message
)

// The rules of what users write, field by field: see docs/text.md.

// nameRule is for names of users, rooms and things, which may be left out.
func nameRule() text.Rule { return text.Rule{Kind: text.Label, Most: MaxName} }

// requiredName is nameRule for a name that must not be empty.
func requiredName() text.Rule { return text.Rule{Kind: text.Label, Least: 1, Most: MaxName} }

// descriptionRule is for descriptions and a user's status.
func descriptionRule() text.Rule { return text.Rule{Kind: text.Prose, Most: MaxDescription} }

// pictureRule is for addresses of pictures; an empty one is none.
func pictureRule() text.Rule { return text.Rule{Kind: text.WebAddress, Most: MaxAddress} }

// keyRule is for idempotency keys.
func keyRule() text.Rule { return text.Rule{Kind: text.Opaque, Least: 1, Most: MaxIdempotencyKey} }

// idRule is for ids of users.
func idRule() text.Rule { return text.Rule{Kind: text.ID, Least: 1, Most: MaxID} }

// tagRule is for one tag, without the space around it.
func tagRule() text.Rule { return text.Rule{Kind: text.Label, Least: 1, Most: MaxTag} }

// checkText returns BAD_USER_INPUT if a field's text is not as the rule has it.
func checkText(field, s string, rule text.Rule) error {
	if problem := rule.Problem(s); problem != "" {
		return badInput(field, "%s %s.", field, problem)
	}
	return nil
}

// checkID accepts what can be the id of a person: what a token may carry as its sub.
func checkID(field, id string) error { return checkText(field, id, idRule()) }

// checkOptional is checkText for a value that may be left out.
func checkOptional(field string, s *string, rule text.Rule) error {
	if s == nil {
		return nil
	}
	return checkText(field, *s, rule)
}

// checkMaxUsers accepts the size of a room, as far as GraphQL's Int goes.
func checkMaxUsers(n int) error {
	if n < 0 || n > math.MaxInt32 {
		return badInput(
			"maxUsers", "maxUsers must be from 0, which is unlimited, to %d.", math.MaxInt32,
		)
	}
	return nil
}

// checkIDs accepts at most so many people's ids and returns them in order, each once, without the
// one left out.
func checkIDs(field string, ids []string, most int, without string) ([]string, error) {
	if len(ids) > most {
		return nil, badInput(
			field, "%s lists %d users; at most %d are allowed.", field, len(ids), most,
		)
	}
	seen := make(map[string]bool, len(ids))
	out := make([]string, 0, len(ids))
	for i, id := range ids {
		if problem := idRule().Problem(id); problem != "" {
			return nil, badInput(field, "Id %d of %s %s.", i+1, field, problem)
		}
		if id != without && !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out, nil
}

// checkTags accepts a room's tags and returns them in order, without the space around them. Of tags
// that are the same but for their case the first is kept.
func checkTags(field string, tags []string) ([]string, error) {
	if len(tags) > MaxTags {
		return nil, badInput(
			field, "%s has %d entries; at most %d are allowed.", field, len(tags), MaxTags,
		)
	}
	var out []string
	seen := make(map[string]bool, len(tags))
	for _, tag := range tags {
		tag = strings.TrimSpace(tag)
		if tag == "" {
			return nil, badInput(field, "A tag must not be empty.")
		}
		if problem := tagRule().Problem(tag); problem != "" {
			return nil, badInput(field, "%s: a tag %s.", field, problem)
		}
		if key := text.TagKey(tag); !seen[key] {
			seen[key] = true
			out = append(out, tag)
		}
	}
	return out, nil
}
