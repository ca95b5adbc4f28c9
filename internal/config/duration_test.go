package config_test

import (
	"strings"
	"testing"
)

// TestDurations: a duration of a unit that Go does not have is rejected with the one to write.
func TestDurations(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"7d": "write 168h", "1.5d": "write 36h", "2w": "write 336h", "1y": "write 8760h",
		"soon": "as in 1h30m", "7": "as in 1h30m", "d": "as in 1h30m",
	} {
		_, _, err := parse(t, map[string]string{"PARLEY_LOG_RETENTION": value})
		if err == nil || !strings.Contains(err.Error(), "--log-retention: ") ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", value, err, want)
		}
	}
}
