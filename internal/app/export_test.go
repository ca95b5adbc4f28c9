package app

import (
	"log/slog"
	"net/http"
	"time"
)

// NewHTTPServer is what RunWith serves with, with deadlines that a test can wait for.
func NewHTTPServer(handler http.Handler, logger *slog.Logger, read, write time.Duration) *http.Server {
	return newHTTPServer(handler, logger, read, write)
}
