package graph

import (
	"encoding/base64"
	"encoding/binary"
	"testing"
	"time"

	"github.com/google/uuid"

	"parley/internal/chat/read"
)

// FuzzCursor reads anything as a cursor: what is accepted is what we would have written.
func FuzzCursor(f *testing.F) {
	at := read.Position{
		At: time.Date(2026, 11, 22, 1, 2, 3, 4000, time.UTC),
		ID: uuid.MustParse("01890a5d-ac96-774b-bcce-b302099a8057"),
	}
	good := roomsByAge.cursor(at)
	out := binary.BigEndian.AppendUint64([]byte{byte(roomsByAge)}, 1<<63)
	for _, seed := range []string{
		"", "r", "=", good, good + "\n", good + "=", good[:33] + "B", roomsByActivity.cursor(at),
		base64.RawURLEncoding.EncodeToString(append(out, make([]byte, 16)...)),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		if number, id, err := roomsByAge.decode("after", cursor); err == nil {
			if again := roomsByAge.encode(number, id); again != cursor {
				t.Errorf("%q is read as %q", cursor, again)
			}
		}
		if p, err := roomsByAge.position(&cursor); err == nil {
			if again := roomsByAge.cursor(*p); again != cursor {
				t.Errorf("position: %q is read as %q", cursor, again)
			}
			if y := p.At.Year(); y < 1970 || y > 9999 {
				t.Errorf("%q is in the year %d", cursor, y)
			}
		}
	})
}
