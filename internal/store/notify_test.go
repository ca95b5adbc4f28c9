package store_test

import (
	"context"
	"database/sql"
	"log/slog"
	"strings"
	"testing"
	"time"

	"parley/internal/store"
	"parley/internal/store/pqdriver"
	"parley/internal/store/storetest"
	"parley/internal/testkit"
)

// notifications of a database, closed at the end of the test.
func notifications(t *testing.T, url string) *store.Notifications {
	t.Helper()
	n, err := store.OpenNotifications(
		t.Context(),
		url,
		store.Options{Logger: slog.New(slog.NewTextHandler(t.Output(), nil))},
	)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close() }) // it may have been
	return n
}

// Both connections for notifications set application_name, as the others do.
func TestNotifications(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ parameters, want string }{
		"default": {"", "parley"},
		"named":   {"application_name=a%27b&connect_timeout=7", "a'b"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := storetest.PostgresURL(t)
			if c.parameters != "" && strings.Contains(url, "?") {
				url += "&" + c.parameters
			} else if c.parameters != "" {
				url += "?" + c.parameters
			}
			n := notifications(t, url)
			received, missed := make(chan string, 10), make(chan struct{}, 10)
			n.Listen(
				"some channel",
				func(payload string) { received <- payload },
				func() { missed <- struct{}{} },
			)
			<-missed // it listens
			for _, payload := range []string{"one", "", "üß'\\"} {
				if err := n.Notify(t.Context(), "some channel", payload); err != nil {
					t.Fatal(err)
				}
				if got := <-received; got != payload {
					t.Errorf("received %q, want %q", got, payload)
				}
			}
			db, err := sql.Open("postgres", url)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			named := 0
			err = db.QueryRowContext(t.Context(), `SELECT count(*) FROM pg_stat_activity
				WHERE datname = current_database() AND application_name = $1 AND pid <> pg_backend_pid()`, c.want).Scan(&named)
			if err != nil || named != 2 {
				t.Errorf("%d connections have the name %q, want 2: %v", named, c.want, err)
			}
		})
	}
}

// The error for an invalid URL does not contain the URL, which may contain a password.
func TestNotificationsURL(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"postgres://a:secret@h:x/d", "postgres://a:secret@h/d?binary_parameters=yes"} {
		n, err := store.OpenNotifications(t.Context(), url, store.Options{})
		if err == nil {
			_ = n.Close()
			t.Errorf("%s is accepted", url)
		} else if strings.Contains(err.Error(), "secret@") {
			t.Errorf("the error shows the URL: %v", err)
		}
	}
}

// atOnce is the maximum time of an operation that does not wait, on a busy machine.
const atOnce = 500 * time.Millisecond

// TestNotificationsSilentNetwork: over a network that does not respond, a notification fails soon after
// its timeout, and closing does not wait.
func TestNotificationsSilentNetwork(t *testing.T) {
	t.Parallel()
	network, far, through := testkit.DatabaseAddress(t, storetest.PostgresURL(t))
	for name, connected := range map[string]bool{"in between": true, "from the start": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			link := testkit.NewLink(t, network, far)
			if !connected {
				link.Silence()
			}
			n := notifications(t, through(link.Addr))
			missed := make(chan struct{}, 10)
			n.Listen("c", func(string) {}, func() { missed <- struct{}{} })
			if connected {
				<-missed
				if err := n.Notify(t.Context(), "c", "before"); err != nil {
					t.Fatal(err)
				}
				link.Silence()
			}
			begun := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			if err := n.Notify(ctx, "c", "silent"); err == nil {
				t.Error("it was sent")
			}
			if took := time.Since(begun); took > pqdriver.ResponseGrace+2*time.Second {
				t.Errorf("the failure took %v", took)
			}
			sending := make(chan error)
			go func() { sending <- n.Notify(t.Context(), "c", "silent, without a deadline") }() // ends with Close
			select {
			case err := <-sending:
				t.Fatalf("it was sent: %v", err)
			case <-time.After(10 * time.Millisecond): // it has begun, or fails because of Close
			}
			closeAtOnce(t, n)
			begun = time.Now()
			if err := <-sending; err == nil {
				t.Error("it was sent")
			}
			if took := time.Since(begun); took > atOnce {
				t.Errorf("the pending notification took %v", took)
			}
		})
	}
}

// If the server is unreachable, Close does not wait for the next attempt.
func TestNotificationsUnreachable(t *testing.T) {
	t.Parallel()
	network, far, through := testkit.DatabaseAddress(t, storetest.PostgresURL(t))
	link := testkit.NewLink(t, network, far)
	link.Cut()
	failed := make(chan struct{}, 100)
	n, err := store.OpenNotifications(
		t.Context(),
		through(link.Addr),
		store.Options{
			Logger: slog.New(
				notify{message: "notification connection lost, reconnecting", seen: failed},
			),
		},
	)
	if err != nil {
		t.Fatal(err)
	}
	n.Listen("c", func(string) {}, func() {})
	for range 4 { // the next attempt is more than a second away then
		<-failed
	}
	closeAtOnce(t, n)
}

// closeAtOnce closes notifications, and fails if Close waits.
func closeAtOnce(t *testing.T, n *store.Notifications) {
	t.Helper()
	begun := time.Now()
	if err := n.Close(); err != nil {
		t.Error(err)
	}
	if took := time.Since(begun); took > atOnce {
		t.Errorf("Close took %v", took)
	}
}
