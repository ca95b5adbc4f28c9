package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"time"
)

// process is a server in a separate process.
type process struct {
	kind kind
	addr string

	command *exec.Cmd
	orders  io.WriteCloser
	answers *json.Decoder
	client  *http.Client
}

// endTimeout is how long a server may take to end before it is killed.
const endTimeout = 5 * time.Second

// mercuriusServer is the path of that server, from the root of the repository.
const mercuriusServer = "bench/peers/mercurius/server.js"

// start runs a server. The caller must end it.
func start(
	ctx context.Context, k kind, secret, database string, sendBuffer int,
) (*process, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	args := []string{serveRole, fmt.Sprintf("-send-buffer=%d", sendBuffer), string(k)}
	if k == mercurius {
		program, args = "node", []string{"--expose-gc", mercuriusServer}
	}
	command := exec.CommandContext(ctx, program, args...) //nolint:gosec // its own binary, or Node
	command.Env = append(os.Environ(), keyVariable+"="+secret, databaseVariable+"="+database)
	command.Stderr = os.Stderr
	orders, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	output, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	p := &process{
		kind:    k,
		command: command,
		orders:  orders,
		answers: json.NewDecoder(output),
		client: &http.Client{
			Transport: &http.Transport{MaxIdleConnsPerHost: senders},
			Timeout:   30 * time.Second,
		},
	}
	var first readyLine
	if err := p.answers.Decode(&first); err != nil {
		return nil, errors.Join(fmt.Errorf("start the %s server: %w", k, err), p.end())
	}
	p.addr = first.Addr
	return p, nil
}

// do sends a command and returns the server's usage.
func (p *process) do(command string) (usage, error) {
	var used usage
	if _, err := fmt.Fprintln(p.orders, command); err != nil {
		return used, fmt.Errorf("%s server: %w", p.kind, err)
	}
	if err := p.answers.Decode(&used); err != nil {
		return used, fmt.Errorf("%s server: %w", p.kind, err)
	}
	return used, nil
}

// end stops the server by closing its input, and kills it after a timeout.
func (p *process) end() error {
	p.client.CloseIdleConnections()
	killer := time.AfterFunc(endTimeout, func() { _ = p.command.Process.Kill() })
	defer killer.Stop()
	_ = p.orders.Close()
	if err := p.command.Wait(); err != nil {
		return fmt.Errorf("the %s server ended: %w", p.kind, err)
	}
	return nil
}
