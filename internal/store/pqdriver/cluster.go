package pqdriver

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// Timeline identifies a history of a PostgreSQL database cluster. The promotion of a standby begins
// a new timeline, which lacks what the standby had not received. The zero value is unknown.
type Timeline struct {
	// System is the system identifier, which all servers of a cluster share; 0 is unknown.
	System uint64
	// Number grows with each promotion.
	Number uint32
}

// String returns the system identifier and the number, or "" for an unknown timeline.
func (t Timeline) String() string {
	if t == (Timeline{}) {
		return ""
	}
	return fmt.Sprintf("%d/%d", t.System, t.Number)
}

// numberBits is the number of bits of the timeline's number in its id. The seconds are above them.
const numberBits = 24

// OneCluster is the number of ids that the timelines of one cluster have.
const OneCluster = 1 << numberBits

// id returns a number that identifies the timeline. It grows with each promotion, and from a cluster to
// one that was created later: it consists of the time of the cluster's creation in seconds, with which its
// system identifier begins, and of the number of the timeline. It is 0 if the timeline is unknown.
func (t Timeline) id() int64 {
	if t.Number == 0 {
		return 0
	}
	made := int64(t.System >> 32)
	return made<<numberBits | int64(min(t.Number, OneCluster-1))
}

// TimelineArg is an argument of a statement: the id of the timeline of the connection that runs the
// statement, or 0 if it is unknown.
type TimelineArg struct{}

// Value implements [sqldriver.Valuer], for connections of other drivers.
func (TimelineArg) Value() (sqldriver.Value, error) { return int64(0), nil }

// Cluster tracks the timeline that connectors are connected to. The zero value has no timeline. It is
// safe for concurrent use.
type Cluster struct {
	// generation counts how often the database lost commits, or may have.
	generation atomic.Int64
	// refusals counts the queries of timelineQueries that the server rejects.
	refusals atomic.Int32
	// name is the timeline, nil if it is unknown.
	name atomic.Pointer[string]

	mu       sync.Mutex
	timeline Timeline
	moved    []func()
}

// errNotPrimary is the error for a server that is not the current primary.
var errNotPrimary = errors.New("not the primary")

// Generation returns how often the database may have lost commits. Data read in an older
// generation may no longer exist.
func (c *Cluster) Generation() int64 { return c.generation.Load() }

// Timeline identifies the timeline of the connections; "" if it is unknown.
func (c *Cluster) Timeline() string {
	if name := c.name.Load(); name != nil {
		return *name
	}
	return ""
}

// set sets the timeline. The cluster is locked.
func (c *Cluster) set(t Timeline) {
	name := t.String()
	c.timeline = t
	c.name.Store(&name)
}

// OnMove registers moved, which is called for each new generation before a connection of it is used. It
// must not block or use the database.
func (c *Cluster) OnMove(moved func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.moved = append(c.moved, moved)
}

// WentBack begins a generation: the caller has found that the database lost commits.
func (c *Cluster) WentBack() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.advance()
}

// advance begins a generation. The cluster is locked, so that no connection is admitted meanwhile.
func (c *Cluster) advance() {
	c.generation.Add(1)
	for _, moved := range c.moved {
		moved()
	}
}

// server is the state that a server reports.
type server struct {
	timeline          Timeline
	standby, readOnly bool
}

// admit returns the generation of a connection to a server. It rejects standbys if a primary
// is required or was known before, and a former primary that has missed a promotion: a node never returns
// from a timeline to an older one.
func (c *Cluster) admit(s server, primary bool) (generation int64, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known := c.timeline != (Timeline{})
	switch {
	case s.standby && (primary || known):
		return 0, fmt.Errorf("%w: the server is a standby", errNotPrimary)
	case s.readOnly && primary:
		return 0, fmt.Errorf("%w: transactions are read-only there", errNotPrimary)
	case s.standby, s.timeline == Timeline{}, s.timeline == c.timeline:
	case !known:
		c.set(s.timeline)
	case s.timeline.System == c.timeline.System && s.timeline.Number < c.timeline.Number:
		return 0, fmt.Errorf("%w: the server is on timeline %d, and the database has moved to %d",
			errNotPrimary, s.timeline.Number, c.timeline.Number)
	default:
		c.set(s.timeline)
		c.advance()
	}
	return c.generation.Load(), nil
}

// timelineQueries return the state of a server. Some managed services and other engines do not support
// functions of the first two. The name of a file of the
// write-ahead log begins with the timeline, from the promotion on; pg_control_checkpoint has it only
// after the next checkpoint. Any role may call these functions.
func timelineQueries() []string {
	const (
		role     = `SELECT concat_ws(' ', pg_is_in_recovery(), current_setting('transaction_read_only')`
		timeline = `, CASE WHEN pg_is_in_recovery() THEN '0'
	ELSE substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END`
		system = `, (SELECT system_identifier FROM pg_control_system())`
	)
	return []string{role + timeline + system + `)`, role + timeline + `)`, role + `)`}
}

// examine queries the state of the server of a connection. It counts the queries that the server rejects.
func (c *Cluster) examine(ctx context.Context, on *conn) (s server, err error) {
	queries := timelineQueries()
	for i := int(c.refusals.Load()); i < len(queries); i++ {
		answer, err := on.text(ctx, queries[i])
		if err == nil {
			return parseServer(answer), nil
		}
		// An internal error is not a refusal once a server has answered the query.
		if Classify(err) != Refused || isBreaking(err) && c.Timeline() != "" {
			return s, fmt.Errorf("read its timeline: %w", err)
		}
		c.refusals.Store(int32(i + 1))
	}
	return s, nil
}

// parseServer parses the result of one of timelineQueries.
func parseServer(answer string) (s server) {
	fields := append(strings.Fields(answer), "", "", "", "")
	s.standby, s.readOnly = fields[0] == "t", fields[1] == "on"
	if number, err := strconv.ParseUint(fields[2], 16, 32); err == nil && number > 0 {
		s.timeline.Number = uint32(number)
		s.timeline.System, _ = strconv.ParseUint(fields[3], 10, 64) // 0 if it is missing
	}
	return s
}

// text runs a query without arguments and returns its only value as text.
func (c *conn) text(ctx context.Context, query string) (text string, err error) {
	found, err := c.QueryContext(ctx, query, nil)
	if err != nil {
		return "", err
	}
	row := make([]sqldriver.Value, len(found.Columns()))
	if err = found.Next(row); err == nil {
		switch value := row[0].(type) {
		case string:
			text = value
		case []byte:
			text = string(value)
		}
	}
	return text, errors.Join(err, found.Close())
}

// Check checks whether a connection of the pool still has the same timeline. A direct connection always
// has; one to a pooler may lead to another server meanwhile.
func (c *Connector) Check(ctx context.Context, pool *sql.DB) (err error) {
	checked, err := pool.Conn(ctx)
	if err != nil {
		return fmt.Errorf("check the timeline: %w", err)
	}
	defer func() { err = errors.Join(err, checked.Close()) }()
	return checked.Raw(func(raw any) error {
		on, ok := raw.(*conn)
		if !ok {
			return fmt.Errorf("check the timeline: the connection is a %T", raw)
		}
		return c.admit(ctx, on)
	})
}

// admit sets the generation of a connection. If its server is rejected, the connection is not used
// again.
func (c *Connector) admit(ctx context.Context, on *conn) error {
	if c.opts.Cluster == nil {
		return nil
	}
	s, err := c.opts.Cluster.examine(ctx, on)
	if err == nil {
		on.timeline = s.timeline
		on.generation, err = c.opts.Cluster.admit(s, len(c.hosts) > 1)
	}
	if err != nil {
		on.broken = true
	}
	return err
}
