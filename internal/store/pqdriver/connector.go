package pqdriver

import (
	"context"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/lib/pq"

	"parley/internal/panics"
	"parley/internal/store/outcome"
	"parley/internal/store/stmtcache"
)

// connectTimeout is the timeout of dialing and authentication, unless the URL has a connect_timeout.
// hostTimeout is that of each of several servers, so that a failed one does not delay the others for long.
const (
	connectTimeout = 10 * time.Second
	hostTimeout    = 2 * time.Second
)

// Options configure a [Connector]. The zero value caches no statements, and has no timeout for a
// statement whose context has no deadline.
type Options struct {
	// Statements is the number of prepared statements that each connection caches. If it is 0 or less, each
	// statement is sent in one message with binary arguments (see doc.go).
	Statements int

	// ResponseTimeout is the timeout of a statement whose context has no deadline. 0 is no timeout.
	ResponseTimeout time.Duration

	// Panics recovers the panics of lib/pq. Nil logs them without counting.
	Panics *panics.Guard

	// Cluster tracks the timeline of the connections: they are replaced when the database has moved
	// to another. Nil does not track it.
	Cluster *Cluster
}

// Connector opens connections to a PostgreSQL database. It is safe for concurrent use.
type Connector struct {
	// hosts are the servers in the URL. Connect tries the one at preferred first, which worked last.
	hosts     []host
	preferred atomic.Int64
	opts      Options

	counts stmtcache.Counts
	// schema counts the schema changes that stale statements revealed.
	schema atomic.Int64
}

// host is one of the servers.
type host struct {
	name string
	pq   *pq.Connector
}

// New returns the connector of the database that url names. Its connections are closed when ctx
// ends. Errors do not contain the URL, which may contain a password.
func New(ctx context.Context, url string, opts Options) (*Connector, error) {
	cfg, err := config(url)
	if err != nil {
		return nil, err
	}
	cfg.BinaryParameters = opts.Statements <= 0
	connector := &Connector{opts: opts}
	for _, one := range each(cfg) {
		made, err := pq.NewConnectorConfig(one)
		if err != nil {
			return nil, err
		}
		made.Dialer(deadlineDialer(ctx))
		name := net.JoinHostPort(one.Host, strconv.Itoa(int(one.Port)))
		connector.hosts = append(connector.hosts, host{name, made})
	}
	return connector, nil
}

// each returns the settings of each of the servers that cfg names. Of several, [Cluster] finds the
// primary.
func each(cfg pq.Config) []pq.Config {
	servers := []pq.Config{cfg}
	for _, other := range cfg.Multi {
		one := cfg.Clone()
		one.Host, one.Hostaddr, one.Port = other.Host, other.Hostaddr, other.Port
		servers = append(servers, one)
	}
	for i := range servers {
		servers[i].Multi = nil
		if len(servers) > 1 {
			servers[i].TargetSessionAttrs = pq.TargetSessionAttrsAny
		}
	}
	return servers
}

// config parses a URL and libpq's environment variables, and sets the parameters that Parley needs.
func config(rawURL string) (pq.Config, error) {
	cfg, err := pq.NewConfig(withHosts(rawURL))
	if urlErr, ok := errors.AsType[*url.Error](err); ok {
		err = fmt.Errorf("the URL is not valid: %w", urlErr.Err) // which does not contain the URL
	}
	if err != nil {
		return cfg, err
	}
	if cfg.BinaryParameters { // New decides about that
		return cfg, errors.New("binary_parameters is not supported: remove it from the URL")
	}
	if cfg.ApplicationName == "" {
		cfg.ApplicationName = "parley"
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = connectTimeout
		if len(cfg.Multi) > 0 {
			cfg.ConnectTimeout = hostTimeout
		}
	}
	if cfg.Runtime == nil {
		cfg.Runtime = map[string]string{}
	}
	cfg.Runtime["TimeZone"] = "UTC" // instants are read as UTC
	return cfg, nil
}

// Driver returns lib/pq's driver.
func (c *Connector) Driver() sqldriver.Driver { return c.hosts[0].pq.Driver() }

// Counts returns the counts of the statement caches of all connections.
func (c *Connector) Counts() *stmtcache.Counts { return &c.counts }

// Connect opens a connection to the first usable server, beginning with the last one that was usable. With
// several servers, the error has the problem of each.
func (c *Connector) Connect(ctx context.Context) (_ sqldriver.Conn, err error) {
	defer outcome.Contain(ctx, c.opts.Panics, new(bool), &err)
	var failed []error
	for i := range c.hosts {
		at := (int(c.preferred.Load()) + i) % len(c.hosts)
		made, err := c.connect(ctx, c.hosts[at])
		if err == nil {
			c.preferred.Store(int64(at))
			return made, nil
		}
		if len(c.hosts) == 1 {
			return nil, err
		}
		failed = append(failed, fmt.Errorf("%s: %w", c.hosts[at].name, err))
	}
	return nil, &unreachableError{failed}
}

// connect opens a connection to one server.
func (c *Connector) connect(ctx context.Context, to host) (*conn, error) {
	schema := c.schema.Load()
	var network *deadlineConn
	opened, err := to.pq.Connect(context.WithValue(ctx, networkKey{}, &network))
	if err != nil {
		// The dialer has the caller's deadline, too, and may reach it a moment before the context ends. Then
		// the error says nothing about the database.
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
	if err := c.admit(ctx, made); err != nil {
		return nil, errors.Join(err, made.Close())
	}
	if c.opts.Statements > 0 {
		made.cache = stmtcache.New(raw, c.opts.Statements, &c.counts)
	}
	return made, nil
}

// StringArray returns an argument that lib/pq sends as an array. Texts are valid UTF-8.
func StringArray(texts []string) sqldriver.Valuer { return pq.StringArray(texts) }
