package read

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

// Position is a position in a list that is ordered by an instant and then by id.
type Position struct {
	At time.Time
	ID uuid.UUID
}

// RowPosition is a position in a list that is ordered by an instant and then by the
// number of the row.
type RowPosition struct {
	At time.Time
	ID int
}

// PageError rejects a page that is too long.
type PageError struct {
	// Argument is the one that is out of bounds, and Size its value.
	Argument string
	Size     int
}

func (e *PageError) Error() string {
	return fmt.Sprintf("%s is %d; a page has 0 to %d entries.", e.Argument, e.Size, maxPage)
}

// CheckFirst returns a [PageError] unless a page may have so many entries.
func CheckFirst(first int) error { return checkSize("first", first) }

func checkSize(argument string, size int) error {
	if size < 0 || size > maxPage {
		return &PageError{argument, size}
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
