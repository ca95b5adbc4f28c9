package structure

import (
	"slices"
	"testing"
)

// maxLines bounds a file that is written by hand.
const maxLines = 400

// tooLong are the files that are still longer. Do not add one: shorten it, or split it by what
// belongs together.
func tooLong() []string {
	return []string{}
}

// TestFilesAreShort: no file that is written by hand, tests aside, has more than 400 lines.
func TestFilesAreShort(t *testing.T) {
	exceptions := tooLong()
	for _, file := range sources(t) {
		switch at := slices.Index(exceptions, file.name); {
		case file.generated || file.lines <= maxLines:
		case at >= 0:
			exceptions = slices.Delete(exceptions, at, at+1)
		default:
			t.Errorf("%s has %d lines, more than %d", file.name, file.lines, maxLines)
		}
	}
	for _, name := range exceptions {
		t.Errorf("%s is no longer too long: remove it from the exceptions", name)
	}
}
