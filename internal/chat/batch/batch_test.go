package batch

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"parley/ent"
	"parley/internal/chat/retry"
	"parley/internal/chat/write"
)

// TestMessagesOfABatch: a batch has messages that can be inserted by one statement, and in a room
// no message overtakes another.
func TestMessagesOfABatch(t *testing.T) {
	busy, one, two := uuid.New(), uuid.New(), uuid.New()
	b := &Messages{busy: map[uuid.UUID]bool{busy: true}}
	newMessage := func(room uuid.UUID, rules int64, key, contents string) *message {
		m := &ent.Message{RoomID: room, AuthorID: "ann", Contents: contents}
		if key != "" {
			m.IdempotencyKey = &key
		}
		return &message{Message: &write.Message{Message: m, PolicyVersion: rules}}
	}
	waiting := []*message{
		newMessage(busy, 1, "", "another batch inserts into the room"),
		newMessage(one, 1, "k", "a"),
		newMessage(one, 1, "k", "the same key"),
		newMessage(one, 1, "", "would overtake"),
		newMessage(two, 1, "k", "b"),
		newMessage(two, 2, "", "other rules"),
		newMessage(uuid.New(), 1, "", strings.Repeat("x", maxBytes)),
		newMessage(uuid.New(), 1, "", "c"),
	}
	batch, rest := b.choose(waiting)
	want := []*message{waiting[1], waiting[4], waiting[7]}
	if !slices.Equal(batch, want) || len(rest) != len(waiting)-len(want) {
		t.Errorf("a batch of %d, and %d wait", len(batch), len(rest))
	}
	if !b.busy[one] || !b.busy[two] {
		t.Error("the rooms of the batch are not busy")
	}
}

// TestWorthAlone: a write whose outcome is not known is tried again only if it then finds what it
// did.
func TestWorthAlone(t *testing.T) {
	unknown := retry.Unknown(errors.New("lost"))
	if shouldRetryAlone(unknown, retry.Once, 2) || !shouldRetryAlone(unknown, retry.Idempotent, 2) {
		t.Error("whether a write of unknown outcome is tried alone does not depend on its policy")
	}
	if shouldRetryAlone(errors.New("unavailable"), retry.Idempotent, 2) {
		t.Error("what fails for all is tried alone")
	}
}
