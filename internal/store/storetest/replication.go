//go:build unix

package storetest

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Server is a PostgreSQL server that can have standbys. It listens on a loopback port, and
// ends with its test.
type Server struct {
	// Address is its host and port.
	Address string

	tb      testing.TB
	bin     string
	user    *account
	dir     string
	process *exec.Cmd
	ended   <-chan struct{}
	output  bytes.Buffer
}

// NewPrimary starts a primary with the database "parley". Without PostgreSQL the test is skipped,
// or fails if CI=true.
func NewPrimary(tb testing.TB) *Server {
	tb.Helper()
	bin, err := findPrograms()
	if err == nil { // the other programs are in the folder of its target
		bin, err = filepath.EvalSymlinks(filepath.Join(bin, "initdb"))
		bin = filepath.Dir(bin)
	}
	if err == nil && !isExecutable(filepath.Join(bin, "pg_basebackup")) {
		err = ErrNoPostgres
	}
	require(tb, err)
	s := newServer(tb, bin)
	s.run("initdb", initdbArgs(s.data())...)
	s.start()
	s.Exec("postgres", "CREATE DATABASE parley")
	return s
}

// Standby starts a standby of s, which replicates under a name.
func (s *Server) Standby(name string) *Server {
	s.tb.Helper()
	standby := newServer(s.tb, s.bin)
	standby.run("pg_basebackup", "--pgdata="+standby.data(), "--write-recovery-conf",
		"--checkpoint=fast", "--no-sync", "--dbname="+s.conninfo()+" application_name="+name)
	standby.start()
	return standby
}

// Exec executes a statement in a database.
func (s *Server) Exec(database, statement string) {
	s.tb.Helper()
	s.session(database, func(ctx context.Context, db *sql.DB) {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			s.tb.Fatalf("%s: %v", statement, err)
		}
	})
}

// Await waits until a query for a boolean returns true.
func (s *Server) Await(query string) {
	s.tb.Helper()
	s.session("postgres", func(ctx context.Context, db *sql.DB) {
		for {
			var done bool
			if err := db.QueryRowContext(ctx, query).Scan(&done); err != nil {
				s.tb.Fatalf("%s: %v", query, err)
			}
			if done {
				return
			}
			select {
			case <-time.After(10 * time.Millisecond):
			case <-ctx.Done():
				s.tb.Fatalf("%s: %v", query, ctx.Err())
			}
		}
	})
}

// Position returns the end of the server's write-ahead log.
func (s *Server) Position() (lsn string) {
	s.tb.Helper()
	s.session("postgres", func(ctx context.Context, db *sql.DB) {
		err := db.QueryRowContext(ctx, "SELECT pg_current_wal_lsn()").Scan(&lsn)
		if err != nil {
			s.tb.Fatal(err)
		}
	})
	return lsn
}

// StopReplication stops the replication to a standby.
func (s *Server) StopReplication() {
	s.tb.Helper()
	s.Exec("postgres", "ALTER SYSTEM SET primary_conninfo = ''")
	s.Exec("postgres", "SELECT pg_reload_conf()")
	s.Await("SELECT count(*) = 0 FROM pg_stat_wal_receiver")
}

// Promote promotes a standby, and returns when it accepts writes.
func (s *Server) Promote() {
	s.tb.Helper()
	s.Exec("postgres", "SELECT pg_promote()")
	s.Await("SELECT NOT pg_is_in_recovery()")
}

// Kill ends the server with SIGKILL.
func (s *Server) Kill() {
	_ = s.process.Process.Kill() // unless it has ended
	<-s.ended
}

// Restart starts a killed server again, with its data.
func (s *Server) Restart() {
	s.tb.Helper()
	s.start()
}

// URL returns the URL of the database "parley", on this server and others.
func (s *Server) URL(others ...*Server) string {
	hosts := []string{s.Address}
	for _, other := range others {
		hosts = append(hosts, other.Address)
	}
	return "postgres://postgres@" + strings.Join(hosts, ",") + "/parley?sslmode=disable"
}

// newServer returns a server with a folder and a port.
func newServer(tb testing.TB, bin string) *Server {
	tb.Helper()
	s := &Server{tb: tb, bin: bin}
	var err error
	if s.user, err = serverUser(); err != nil {
		tb.Fatal(err)
	}
	// A short path that the server's user can reach: see startCluster.
	s.dir, err = os.MkdirTemp("/tmp", "parley-pg-") //nolint:usetesting // it may be neither
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if s.process != nil {
			_ = s.process.Process.Signal(immediateShutdown)
			<-s.ended
		}
		if err := os.RemoveAll(s.dir); err != nil {
			tb.Error(err)
		}
	})
	if err := s.user.own(s.dir); err != nil {
		tb.Fatal(err)
	}
	if s.Address, err = freeAddress(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return s
}

// freeAddress returns an unused loopback address. Its port is below the system's range for outgoing
// connections, one of which could otherwise take the port while the server is down.
func freeAddress(ctx context.Context) (string, error) {
	for range 100 {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(10000+rand.IntN(10000)))
		if l, err := new(net.ListenConfig).Listen(ctx, "tcp", address); err == nil {
			return address, l.Close()
		}
	}
	return "", errors.New("no free port")
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

func (s *Server) port() string {
	_, port, _ := net.SplitHostPort(s.Address) // newServer has set it
	return port
}

// conninfo returns the server's connection string for programs of PostgreSQL.
func (s *Server) conninfo() string {
	return "host=127.0.0.1 port=" + s.port() + " user=postgres"
}

// run runs a program of PostgreSQL as the server's user.
func (s *Server) run(program string, args ...string) {
	s.tb.Helper()
	cmd := exec.CommandContext(s.tb.Context(), filepath.Join(s.bin, program), args...)
	cmd.Dir = s.dir
	cmd.SysProcAttr = s.user.procAttr()
	if out, err := cmd.CombinedOutput(); err != nil {
		s.tb.Fatalf("%s: %v\n%s", program, err, out)
	}
}

// start starts the server's process and returns when it responds.
func (s *Server) start() {
	s.tb.Helper()
	args := []string{"-D", s.data()}
	for _, setting := range []string{
		"listen_addresses=127.0.0.1", "port=" + s.port(), "unix_socket_directories=" + s.dir,
		"max_connections=100", "fsync=off", "autovacuum=off", "jit=off", "hot_standby=on",
		"wal_level=replica", "max_wal_senders=8", "wal_keep_size=256MB",
		"wal_receiver_status_interval=1s",
	} {
		args = append(args, "-c", setting)
	}
	// After Kill the last processes of the killed server may still be about to end.
	ctx, cancel := context.WithTimeout(s.tb.Context(), time.Minute)
	defer cancel()
	for !s.launch(args) {
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			s.tb.Fatalf("the server ended:\n%s", &s.output)
		}
	}
}

// launch starts the server's process. It returns false if the process ends before it responds.
func (s *Server) launch(args []string) (answers bool) {
	s.tb.Helper()
	s.output.Reset()
	//nolint:noctx // the program that was found; it ends with the test
	s.process = exec.Command(filepath.Join(s.bin, "postgres"), args...)
	s.process.Dir = s.dir
	s.process.SysProcAttr = s.user.procAttr()
	s.process.Stdout, s.process.Stderr = &s.output, &s.output
	var err error
	if s.ended, err = launch(s.process); err != nil {
		s.tb.Fatal(err)
	}
	s.session("postgres", func(ctx context.Context, db *sql.DB) {
		for !answers {
			if err := db.PingContext(ctx); err == nil {
				answers = true
				return
			}
			select {
			case <-s.ended:
				return
			case <-ctx.Done():
				s.tb.Fatal("the server does not respond")
			case <-time.After(10 * time.Millisecond):
			}
		}
	})
	return answers
}

// session calls do with a database of the server.
func (s *Server) session(database string, do func(context.Context, *sql.DB)) {
	s.tb.Helper()
	ctx, cancel := context.WithTimeout(s.tb.Context(), time.Minute)
	defer cancel()
	db, err := sql.Open("postgres", fmt.Sprintf("%s dbname=%s sslmode=disable",
		s.conninfo(), database))
	if err != nil {
		s.tb.Fatal(err)
	}
	defer db.Close()
	do(ctx, db)
}
