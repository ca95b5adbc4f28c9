package limit

import (
	"log/slog"
	"sync"
	"time"
)

// reportInterval is the least time between two lines about the same limit.
const reportInterval = time.Minute

// Reporter logs which limits refuse what clients ask for: at most one line per limit and minute,
// with a count, so that an attack does not fill the log. It is safe for concurrent use.
type Reporter struct {
	log *slog.Logger

	mu     sync.Mutex
	limits map[string]*report
}

// report is what has been refused because of one limit.
type report struct {
	last    time.Time
	refused int64 // since the last line
}

// NewReporter returns a reporter that logs to log.
func NewReporter(log *slog.Logger) *Reporter {
	return &Reporter{log: log, limits: make(map[string]*report)}
}

// Reached reports that limit, which is one of few names, has refused something. setting says what
// an operator can change. A nil Reporter does nothing.
func (r *Reporter) Reached(limit, setting string) {
	if r == nil {
		return
	}
	if refused := r.count(limit, time.Now()); refused > 0 {
		r.log.Warn("limit reached", "limit", limit, "refused", refused, "setting", setting)
	}
}

// count counts a refusal. It returns how many there were since the last line if it is time for the
// next one, otherwise 0.
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
