package app

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"parley/internal/config"
)

// NewHTTPServer is what RunWith serves with, with deadlines that a test can wait for.
func NewHTTPServer(
	handler http.Handler,
	logger *slog.Logger,
	read, write time.Duration,
) *http.Server {
	return newHTTPServer(handler, logger, read, write)
}

// Welcome is what RunWith says when it is ready.
func Welcome(stdout io.Writer, cfg config.Config, addr net.Addr) { printWelcome(stdout, cfg, addr) }
