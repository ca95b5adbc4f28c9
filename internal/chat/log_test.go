package chat

import (
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/ent"
	"parley/ent/message"
	"parley/ent/room"
	"parley/ent/user"
)

// TestLogReadsWholeRows compares what the log's statement reads with the columns that the entities
// have: one that were forgotten would be empty in whatever shows it.
func TestLogReadsWholeRows(t *testing.T) {
	var row eventRow
	for name, test := range map[string]struct {
		read   string
		fields int
		want   []string
		not    []string // these it has, or needs, not from there
	}{
		"message": {messageColumns, len(row.messageFields(&ent.Message{})), message.Columns, []string{message.FieldRoomID, message.FieldRequestHash}},
		"user":    {userColumns, len(row.userFields()), user.Columns, []string{user.FieldChanged}},
		"room":    {roomColumns, len(row.roomFields(&ent.Room{})), room.Columns, nil},
	} {
		var read []string
		for _, found := range regexp.MustCompile(`[mur]\."?(\w+)`).FindAllStringSubmatch(test.read, -1) {
			read = append(read, found[1])
		}
		if len(read) != test.fields {
			t.Errorf("%s: %d columns go into %d fields", name, len(read), test.fields)
		}
		want := slices.DeleteFunc(
			slices.Clone(test.want),
			func(c string) bool { return slices.Contains(test.not, c) },
		)
		slices.Sort(want)
		slices.Sort(read)
		if diff := cmp.Diff(want, read); diff != "" {
			t.Errorf("%s (-want +read):\n%s", name, diff)
		}
	}
}
