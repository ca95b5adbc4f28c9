package bulk_test

import (
	"testing"
	"time"

	"parley/graph/bulk"
)

func TestTime(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 30, 2, 0, 0, 0, time.FixedZone("east", 3600))
	for after, want := range map[time.Duration]string{
		0:                             `"2026-11-30T01:00:00.000000Z"`,
		time.Microsecond:              `"2026-11-30T01:00:00.000001Z"`,
		120 * time.Millisecond:        `"2026-11-30T01:00:00.120000Z"`,
		999_999_999 * time.Nanosecond: `"2026-11-30T01:00:00.999999Z"`,
	} {
		if got := string(bulk.Time(nil, at.Add(after))); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
