package keyattempts_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"parley/internal/chat/keyattempts"
	"parley/internal/limit"
)

// TestUsers: a user has so many attempts, in all rooms together; others have their own, and what was
// given back does not count.
func TestUsers(t *testing.T) {
	l := keyattempts.New(keyattempts.Default())
	for range 3 {
		l.Refund(t.Context(), "ann", uuid.New(), 0)
	}
	for n := range 10 {
		if own, room := l.Take(t.Context(), "ann", uuid.New()); own != 0 || room != 0 {
			t.Fatalf("attempt %d waits for %v and %v", n, own, room)
		}
	}
	if own, _ := l.Take(t.Context(), "ann", uuid.New()); own <= 0 || own > 6*time.Second {
		t.Errorf("attempt 11 waits for %v", own)
	}
	if own, _ := l.Take(t.Context(), "bob", uuid.New()); own != 0 {
		t.Errorf("the first attempt of another user waits for %v", own)
	}
	id := uuid.New()
	l.Take(t.Context(), "bob", id)
	l.Refund(t.Context(), "bob", id, 0)
	for n := range 9 {
		if own, _ := l.Take(t.Context(), "bob", id); own != 0 {
			t.Errorf("attempt %d of another user waits for %v", n+2, own)
		}
	}
}

// TestRooms: the attempts at a room are counted for all users together, and those of other rooms
// apart. Users without a limit can use them up.
func TestRooms(t *testing.T) {
	var unlimited *limit.RateLimiter
	l, id := keyattempts.New(unlimited), uuid.New()
	for n := range 1000 {
		if _, room := l.Take(t.Context(), "ann", id); room != 0 {
			t.Fatalf("attempt %d waits for %v", n, room)
		}
	}
	if own, room := l.Take(t.Context(), "bob", id); own != 0 || room <= 0 {
		t.Errorf("attempt 1001 waits for %v and %v", own, room)
	}
	if _, room := l.Take(t.Context(), "bob", uuid.New()); room != 0 {
		t.Errorf("an attempt at another room waits for %v", room)
	}
}
