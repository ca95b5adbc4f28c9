package live_test

import (
	"testing"

	"parley/internal/live"
)

// TestPositions: the position that was appended to a payload is found again, and no other.
func TestPositions(t *testing.T) {
	t.Parallel()
	for _, data := range []string{`{"data":null`, `{"data":{"a":{"extensions":{"seq":7}}}`} {
		if seq, ok := live.PositionOf([]byte(data + "}")); ok {
			t.Errorf("%s} has the position %d", data, seq)
		}
		for _, resync := range []bool{false, true} {
			for _, want := range []int64{0, 7, 1<<63 - 1} {
				payload := append(live.AppendPosition([]byte(data), want, resync), '}')
				if seq, ok := live.PositionOf(payload); !ok || seq != want {
					t.Errorf("%s has the position %d, %t; want %d", payload, seq, ok, want)
				}
			}
		}
	}
	for _, payload := range []string{
		``, `}}`, `{"data":{"seq":7}}`, `{"errors":[{"extensions":{"seq":7}}]}`,
		`{"data":{"x":{"a":1,"extensions":{"seq":7}}}}`, `{"data":1,"extensions":{"seq":}}`,
		`{"data":1,"extensions":{"seq":99999999999999999999}}`,
		`{"data":1,"extensions":{"seq":7`,
	} {
		if seq, ok := live.PositionOf([]byte(payload)); ok {
			t.Errorf("%s has the position %d", payload, seq)
		}
	}
}
