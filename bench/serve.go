package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	// serveRole is the first argument of a server process.
	serveRole = "serve"
	// keyVariable names the variable with the key that verifies tokens.
	keyVariable = "PARLEY_BENCH_KEY"
	// databaseVariable names the variable with Parley's database, if it is not SQLite.
	databaseVariable = "PARLEY_BENCH_DATABASE"
)

// kind is one of the servers compared.
type kind string

const (
	bare   kind = "bare"
	stock  kind = "stock"
	parley kind = "parley"
	// mercurius is in bench/peers, and runs in Node.
	mercurius kind = "mercurius"
	// sqlite is Parley on SQLite, beside Parley on PostgreSQL.
	sqlite kind = "sqlite"
)

// executes reports whether the server executes GraphQL operations over HTTP, on a database.
func (k kind) executes() bool { return k == parley || k == mercurius || k == sqlite }

// usage is what a server process has used so far.
type usage struct {
	CPU time.Duration
	// RSS is the resident memory of the process, Heap and Stacks the live parts of it, in bytes.
	RSS, Heap, Stacks int
	Goroutines        int
	Statements        map[string]int
}

// readyLine is the first line that a server process prints.
type readyLine struct{ Addr string }

// serve runs a server process. It listens on a free loopback port, prints the port, and executes
// commands, one per line, until its input ends: "usage", "collect" (as usage, after a
// garbage collection), "profile FILE", "profiled", "heap FILE".
func serve(ctx context.Context, args []string, commands io.Reader, answers io.Writer) error {
	set := flag.NewFlagSet(serveRole, flag.ContinueOnError)
	sendBuffer := set.Int(
		"send-buffer",
		0,
		"bytes that the kernel buffers for a socket; 0 is its default",
	)
	if err := set.Parse(args); err != nil {
		return err
	}
	var seen statements
	handler, closeHandler, err := newHandler(ctx, kind(set.Arg(0)), &seen)
	if err != nil {
		return err
	}
	config := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		return setBuffer(raw, syscall.SO_SNDBUF, *sendBuffer)
	}}
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }() // ends with Close below
	err = obey(commands, json.NewEncoder(answers), readyLine{listener.Addr().String()}, &seen)
	err = errors.Join(err, server.Close())
	<-served
	return errors.Join(err, closeHandler())
}

func newHandler(ctx context.Context, k kind, seen *statements) (http.Handler, func() error, error) {
	nothing := func() error { return nil }
	switch k {
	case bare:
		return newBare(), nothing, nil
	case stock:
		return newStock(), nothing, nil
	case parley, sqlite:
		return newParley(ctx, os.Getenv(keyVariable), os.Getenv(databaseVariable), seen.add)
	default:
		return nil, nil, fmt.Errorf("there is no server %q", k)
	}
}

func obey(commands io.Reader, answers *json.Encoder, first readyLine, seen *statements) error {
	if err := answers.Encode(first); err != nil {
		return err
	}
	lines := bufio.NewScanner(commands)
	for lines.Scan() {
		command, argument, _ := strings.Cut(lines.Text(), " ")
		switch command {
		case "collect":
			debug.FreeOSMemory()
		case "profile":
			file, err := os.Create(argument)
			if err != nil {
				return err
			}
			if err := pprof.StartCPUProfile(file); err != nil {
				return err
			}
		case "heap":
			if err := writeHeap(argument); err != nil {
				return err
			}
		case "profiled":
			pprof.StopCPUProfile()
		}
		used, err := measureSelf()
		if err != nil {
			return err
		}
		var memory runtime.MemStats
		runtime.ReadMemStats(&memory)
		used.Heap, used.Stacks, used.Goroutines = int(
			memory.HeapAlloc,
		), int(
			memory.StackInuse,
		), runtime.NumGoroutine()
		used.Statements = seen.copy()
		if err := answers.Encode(used); err != nil {
			return err
		}
	}
	return lines.Err()
}

func writeHeap(path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(pprof.WriteHeapProfile(file), file.Close())
}

// statements counts SQL statements by their text. The zero value is ready.
type statements struct {
	mu    sync.Mutex
	count map[string]int
}

func (s *statements) add(query string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.count == nil {
		s.count = make(map[string]int)
	}
	s.count[query]++
}

func (s *statements) copy() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.count)
}
