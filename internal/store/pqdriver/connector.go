package pqdriver

import (
	"context"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/lib/pq"

	"parley/internal/panics"
	"parley/internal/store/outcome"
	"parley/internal/store/stmtcache"
)

// connectTimeout bounds dialing and authentication, unless the URL has a connect_timeout.
const connectTimeout = 10 * time.Second

// Options configure a [Connector]. The zero value caches no statements and waits without a limit
// for the answer to a statement whose context has no deadline.
type Options struct {
	// Statements is how many prepared statements each connection caches. If it is 0 or less, each
	// statement is sent in one piece, with its arguments in binary (see doc.go).
	Statements int

	// AnswerTimeout bounds the wait for the answer to a statement whose context has no deadline. 0
	// is no limit.
	AnswerTimeout time.Duration

	// Panics contains the panics of lib/pq. Nil logs them and does not count.
	Panics *panics.Guard
}

// Connector makes connections to a PostgreSQL database. It is safe for concurrent use.
type Connector struct {
	pq   *pq.Connector
	opts Options

	counts stmtcache.Counts
	// schema counts the schema changes that stale statements revealed.
	schema atomic.Int64
}

// New returns the connector of the database that url names. Its connections are closed when ctx
// ends. Errors do not contain the URL, which may hold a password.
func New(ctx context.Context, url string, opts Options) (*Connector, error) {
	cfg, err := config(url)
	if err != nil {
		return nil, err
	}
	cfg.BinaryParameters = opts.Statements <= 0
	connector, err := pq.NewConnectorConfig(cfg)
	if err != nil {
		return nil, err
	}
	connector.Dialer(deadlineDialer(ctx))
	return &Connector{pq: connector, opts: opts}, nil
}

// config reads a URL, and libpq's environment variables, and sets what Parley relies on.
func config(rawURL string) (pq.Config, error) {
	cfg, err := pq.NewConfig(rawURL)
	if urlErr, ok := errors.AsType[*url.Error](err); ok {
		err = fmt.Errorf("the URL is not valid: %w", urlErr.Err) // which does not contain the URL
	}
	if err != nil {
		return cfg, err
	}
	if cfg.BinaryParameters { // New decides about that
		return cfg, errors.New("binary_parameters is not supported: take it out of the URL")
	}
	if cfg.ApplicationName == "" {
		cfg.ApplicationName = "parley"
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = connectTimeout
	}
	if cfg.Runtime == nil {
		cfg.Runtime = map[string]string{}
	}
	cfg.Runtime["TimeZone"] = "UTC" // instants are read as UTC
	return cfg, nil
}

// Driver returns lib/pq's driver.
func (c *Connector) Driver() sqldriver.Driver { return c.pq.Driver() }

// Counts returns the counts of the statement caches of all connections.
func (c *Connector) Counts() *stmtcache.Counts { return &c.counts }

// Connect opens a connection.
func (c *Connector) Connect(ctx context.Context) (_ sqldriver.Conn, err error) {
	defer outcome.Contain(ctx, c.opts.Panics, new(bool), &err)
	schema := c.schema.Load()
	var network *deadlineConn
	opened, err := c.pq.Connect(context.WithValue(ctx, networkKey{}, &network))
	if err != nil {
		// The dialer has the caller's deadline too, and may notice it a moment before the context
		// does. Then the caller gave up, and nothing is known of the database.
		if deadline, ok := ctx.Deadline(); ok && !time.Now().Before(deadline) {
			//nolint:errorlint // the network's error is not the reason
			return nil, fmt.Errorf("connect: %w (%v)", context.DeadlineExceeded, err)
		}
		return nil, err
	}
	raw, ok := opened.(pqConn)
	if !ok {
		return nil, errors.Join(
			fmt.Errorf("lib/pq's %T lacks a method of database/sql/driver", opened),
			opened.Close(),
		)
	}
	made := &conn{pqConn: raw, network: network, connector: c, schema: schema}
	if c.opts.Statements > 0 {
		made.cache = stmtcache.New(raw, c.opts.Statements, &c.counts)
	}
	return made, nil
}

// StringArray returns an argument that lib/pq sends as an array. Texts are valid UTF-8.
func StringArray(texts []string) sqldriver.Valuer { return pq.StringArray(texts) }
