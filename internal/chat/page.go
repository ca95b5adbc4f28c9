package chat

import (
	"fmt"
	"time"

	"github.com/google/uuid"
)

// maxPage is the most entries that a page may have.
const maxPage = 100

// Page is a part of a list.
type Page[T any] struct {
	Items []T
	// More tells whether the list goes on after Items.
	More bool
}

// Position is a place in a list that is ordered by an instant and then by id.
type Position struct {
	At time.Time
	ID uuid.UUID
}

// CheckFirst returns BAD_USER_INPUT unless first may be the size of a page: 0 to 100.
func CheckFirst(first int) error {
	if first < 0 || first > maxPage {
		return badInput(
			"first",
			fmt.Sprintf("first is %d; a page has 0 to %d entries.", first, maxPage),
		)
	}
	return nil
}

// page makes a Page of at most first from what was read with a limit of first + 1.
func page[T any](items []T, first int) Page[T] {
	if len(items) > first {
		return Page[T]{Items: items[:first], More: true}
	}
	return Page[T]{Items: items}
}
