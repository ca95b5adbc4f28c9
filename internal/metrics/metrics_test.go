package metrics_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"parley/internal/metrics"
	"parley/internal/panics"
)

// TestPanicOfAPart: a part that panics shows nothing, and the others are shown.
func TestPanicOfAPart(t *testing.T) {
	guard := panics.NewGuard(slog.New(slog.DiscardHandler))
	m := metrics.New("test", guard)
	number := func(name string) metrics.Metric[int] {
		return metrics.Counter(name, name, func(n int) int { return n })
	}
	metrics.Register(m, func() int { panic("boom") }, number("broken"))
	metrics.Register(m, func() int { return 7 }, number("whole"))
	out := httptest.NewRecorder()
	m.Handler().
		ServeHTTP(out, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	if body := out.Body.String(); out.Code != http.StatusOK || !strings.Contains(body, "whole 7") ||
		strings.Contains(body, "broken") ||
		!regexp.MustCompile(`parley_build_info\{goversion="go1[^"]+",revision="\w+",version="test"\} 1`).
			MatchString(body) {
		t.Errorf("%d\n%s", out.Code, body)
	}
	if n := guard.Count(panics.Background); n != 1 {
		t.Errorf("%d panics are counted", n)
	}
}
