package limit

import (
	"log/slog"
	"sync"
	"time"
)

// reportInterval is the minimum time between two log lines about the same limit.
const reportInterval = time.Minute

// Reporter logs which limits refuse requests: at most one line per limit and minute, with a count,
// so that an attack does not fill the log. It is safe for concurrent use.
type Reporter struct {
	log *slog.Logger

	mu     sync.Mutex
	limits map[string]*report
}

// report counts what one limit has refused.
type report struct {
	last    time.Time // of the last log line
	refused int64     // since then
}

// NewReporter returns a reporter that logs to log.
func NewReporter(log *slog.Logger) *Reporter {
	return &Reporter{log: log, limits: make(map[string]*report)}
}

// Reached reports that limit has refused a request. setting names the setting that an operator can
// change. The names of limits must be few, because the Reporter stores them. A nil Reporter does
// nothing.
func (r *Reporter) Reached(limit, setting string) {
	if r == nil {
		return
	}
	if refused := r.count(limit, time.Now()); refused > 0 {
		r.log.Warn("limit reached", "limit", limit, "refused", refused, "setting", setting)
	}
}

// count counts a refusal. If it is time for the next log line it returns the number of refusals
// since the last one, otherwise 0.
func (r *Reporter) count(limit string, now time.Time) int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := r.limits[limit]
	if l == nil {
		l = &report{}
		r.limits[limit] = l
	}
	l.refused++
	if !l.last.IsZero() && now.Sub(l.last) < reportInterval {
		return 0
	}
	refused := l.refused
	l.last, l.refused = now, 0
	return refused
}
