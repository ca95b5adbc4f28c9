package app_test

import (
	"testing"

	"parley/internal/auth"
	"parley/internal/chat"
)

// TestSubjectsAreUserIDs: each subject of a token is a valid user id, and vice versa.
func TestSubjectsAreUserIDs(t *testing.T) {
	t.Parallel()
	if chat.MaxID != auth.MaxSubjectLength {
		t.Errorf("ids have %d characters, subjects %d", chat.MaxID, auth.MaxSubjectLength)
	}
}
