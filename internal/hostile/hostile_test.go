package hostile_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"entgo.io/ent/dialect"

	"parley/internal/testkit"
	"parley/internal/testkit/scale"
)

// attack is one kind of attack.
type attack struct {
	name string
	// onlyDatabase names the one database on which the attack runs, where the database plays no role.
	onlyDatabase string
	// settings are added to those of the server.
	settings environment
	// budget is how much the server's peak memory may exceed its memory before the attack, in bytes:
	// the budgets of the operations page that the attack fills, plus uncollected garbage.
	budget int64
	// repeats makes the attack repeat for [fullTime] at full size, for enough measurements.
	repeats bool
	// victimMayFail allows the server to refuse the victim, because many users and addresses together
	// exhaust a budget.
	victimMayFail bool
	// prepare sets the attack up and returns it. The attack runs concurrently with the victim,
	// checks its responses, and returns when all of its goroutines have ended.
	prepare func(a *attackRun) func()
}

// attacks returns all attacks.
func attacks() []attack {
	return slices.Concat(bodyAttacks(), socketAttacks(), domainAttacks(), slowAttacks())
}

// attackRun is the state of one attack.
type attackRun struct {
	t      *testing.T
	ctx    context.Context
	server *process
	victim *victim
	// reconnected counts the sockets that the attack made the victim open.
	reconnected int
	// outcomes counts the server's responses to the attackers.
	outcomes tally

	mu      sync.Mutex
	clients []*client // guarded by mu
	notes   []string
}

const (
	// baselineTime is the measurement of the victim before the attack, and fullBaselineTime at full size.
	baselineTime     = 400 * time.Millisecond
	fullBaselineTime = 3 * time.Second
	// fullTime is the minimum duration of a repeated attack at full size.
	fullTime = 8 * time.Second
	// probeInterval is the time between two health checks.
	probeInterval = 250 * time.Millisecond
	// settleInterval is the time between two checks of a condition that a test waits for.
	settleInterval = 10 * time.Millisecond
)

// size returns small in tests, and large at full size.
func size(small, large int) int {
	if *full {
		return large
	}
	return small
}

// user returns a client for a user at an address.
func (a *attackRun) user(name, address string) *client {
	c := newClient(a.server, name, address)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.clients = append(a.clients, c)
	return c
}

// attacker returns the user attacker-n at an address of its own.
func (a *attackRun) attacker(n int) *client {
	return a.user(fmt.Sprintf("attacker-%d", n), fmt.Sprintf("203.0.113.%d", n%250+1))
}

// anonymous returns an anonymous client at an address of its own.
func (a *attackRun) anonymous(n int) *client {
	return a.user("", fmt.Sprintf("192.0.2.%d", n%250+1))
}

// each calls do for 0 to n-1 in parallel goroutines, and returns when all calls have returned.
func each(n, parallel int, do func(i int)) {
	var running sync.WaitGroup
	next := make(chan int)
	for range min(n, parallel) {
		running.Go(func() { // ends when next is closed
			for i := range next {
				do(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	running.Wait()
}

// reconnect makes the victim open a socket at the height of the attack. A repeated attack does so
// only a few times, because the victim has a rate limit too.
func (a *attackRun) reconnect() {
	if a.reconnected++; a.reconnected <= 10 {
		a.victim.reconnect(0)
	}
}

// expect fails the test for each response to the attack that is not allowed.
func (a *attackRun) expect(allowed ...string) {
	a.t.Helper()
	for outcome, n := range a.outcomes.copy() {
		if !slices.Contains(allowed, outcome) {
			a.t.Errorf("%d responses to the attack were %q, want only %q", n, outcome, allowed)
		}
	}
}

// expectRefused fails the test if fewer than minimum responses had one of the outcomes.
func (a *attackRun) expectRefused(minimum int, outcomes ...string) {
	a.t.Helper()
	if n := a.outcomes.of(outcomes...); n < minimum {
		a.t.Errorf("%d responses to the attack were %q, want %d at least: %v",
			n, outcomes, minimum, a.outcomes.copy())
	}
}

// settle waits until done returns true, and reports whether it did within [testTimeout].
func (a *attackRun) settle(done func() bool) bool {
	ctx, cancel := context.WithTimeout(a.ctx, testTimeout)
	defer cancel()
	for !done() {
		if !pause(ctx, settleInterval) {
			return done()
		}
	}
	return true
}

// note adds a figure to what the test logs.
func (a *attackRun) note(format string, args ...any) {
	a.notes = append(a.notes, fmt.Sprintf(format, args...))
}

// TestHostile builds the server and attacks it.
func TestHostile(t *testing.T) {
	scale.FullOnly(t)
	program := testkit.BuildServer(t)
	for _, test := range []struct {
		name string
		run  func(t *testing.T, program string)
	}{
		{"attacks", testAttacks},
		{"worst case", testWorstCase},
		{"inputs", testInputs},
		{"half of a surrogate pair", testInvalidSurrogate},
		{"picture of a token", testTokenPicture},
		{"forwarded in development mode", testForwardedInDevelopment},
		{"proxy without headers", testLoopbackIsLimited},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, program) })
	}
}

// testAttacks runs all attacks.
func testAttacks(t *testing.T, program string) {
	var mu sync.Mutex
	var rows []string
	t.Cleanup(func() {
		slices.Sort(rows)
		t.Logf("\n%s", table(rows))
	})
	for _, one := range attacks() {
		for _, database := range []string{dialect.SQLite, dialect.Postgres} {
			if one.onlyDatabase != "" && one.onlyDatabase != database {
				continue
			}
			t.Run(one.name+"/"+database, func(t *testing.T) {
				if !*full {
					t.Parallel()
				}
				row := run(t, program, database, one)
				mu.Lock()
				defer mu.Unlock()
				rows = append(rows, one.name+"\t"+database+"\t"+row)
			})
		}
	}
}

// run runs an attack on one database and returns its row of the table.
func run(t *testing.T, program, database string, what attack) string {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	a := &attackRun{t: t, ctx: ctx, server: start(t, program, database, what.settings)}
	defer func() {
		for _, c := range a.clients {
			c.close()
		}
	}()
	a.victim = newVictim(ctx, a.server)
	execute := what.prepare(a)
	if err := a.victim.begin(); err != nil {
		t.Fatalf("the victim cannot begin: %v", err)
	}
	healthy := a.watchHealth()
	baseline := baselineTime
	if *full {
		baseline = fullBaselineTime
	}
	pause(ctx, baseline)
	before, _, measured := a.server.Memory()
	a.server.ResetPeak()

	a.victim.beginAttack()
	begun := time.Now()
	execute()
	for *full && what.repeats && time.Since(begun) < fullTime && !t.Failed() {
		execute()
	}
	a.victim.awaitWork()
	took := time.Since(begun)

	_, peak, _ := a.server.Memory()
	healthy()
	a.victim.end()
	a.check(what, measured, before, peak)
	n, refused := a.outcomes.all()
	for _, note := range a.notes {
		t.Log(note)
	}
	t.Logf("%d responses in %.1f s: %v; memory %d MiB, peak %d MiB of at most %d",
		n, took.Seconds(), a.outcomes.copy(), before/mib, peak/mib, (before+what.budget)/mib)
	result := "ok"
	if t.Failed() {
		result = "FAILED"
	}
	return fmt.Sprintf(
		"%d of %d\t%s\t%d → %d MiB\t%s",
		refused,
		n,
		a.victim.figures(),
		before/mib,
		peak/mib,
		result,
	)
}

// check checks the assertions that all attacks share.
func (a *attackRun) check(what attack, measured bool, before, peak int64) {
	a.t.Helper()
	if a.server.Failed() {
		a.t.Fatalf("the server has ended:\n%s", a.server.Log.Tail())
	}
	if a.victim.count > 0 && !what.victimMayFail {
		a.t.Errorf("the victim was refused %d times: %q", a.victim.count, a.victim.failures)
	}
	if len(a.victim.attack.queries) == 0 || len(a.victim.attack.deliveries) == 0 {
		a.t.Error("the victim has done nothing during the attack: this proves nothing")
	}
	if measured && peak > before+what.budget {
		a.t.Errorf(
			"the server's memory went from %d MiB to %d MiB: %d MiB more than the budget of %d MiB",
			before/mib,
			peak/mib,
			(peak-before-what.budget)/mib,
			what.budget/mib,
		)
	}
	if log := a.server.Log.String(); strings.Contains(log, "panic") {
		a.t.Errorf("the server panicked:\n%s", a.server.Log.Tail())
	}
}

// watchHealth requests the health checks and the metrics until the caller calls stop. All of them
// must succeed.
func (a *attackRun) watchHealth() (stop func()) {
	ctx, cancel := context.WithCancel(a.ctx)
	var watching sync.WaitGroup
	failed := map[string]int{}
	var mu sync.Mutex
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		watching.Go(func() { // ends with ctx
			for pause(ctx, probeInterval) {
				status, _, err := a.server.Get(ctx, a.server.URL+path)
				if ctx.Err() == nil && (err != nil || status != http.StatusOK) {
					mu.Lock()
					failed[fmt.Sprintf("%s: %d %v", path, status, err)]++
					mu.Unlock()
				}
			}
		})
	}
	return func() {
		cancel()
		watching.Wait()
		for what, n := range failed {
			a.t.Errorf("%d times %s", n, what)
		}
	}
}

// figures returns the victim's columns of the table.
func (v *victim) figures() string {
	pair := func(baseline, attack []time.Duration) string {
		round := func(d time.Duration) time.Duration { return d.Round(100 * time.Microsecond) }
		c, a := percentile(baseline, 0.95), percentile(attack, 0.95)
		ratio := float64(a) / float64(max(c, time.Microsecond))
		return fmt.Sprintf("%v / %v\t%v / %v\t%.1f", round(percentile(baseline, 0.5)), round(c),
			round(percentile(attack, 0.5)), round(a), ratio)
	}
	return pair(
		v.baseline.queries,
		v.attack.queries,
	) + "\t" + pair(
		v.baseline.deliveries,
		v.attack.deliveries,
	)
}

// table formats rows as Markdown.
func table(rows []string) string {
	head := []string{
		"attack", "database", "refused", "query p50/p95 before", "attacked", "ratio",
		"delivery p50/p95 before", "attacked", "ratio", "memory", "result",
	}
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 1, ' ', tabwriter.Debug)
	fmt.Fprintln(w, strings.Join(head, "\t "))
	fmt.Fprintln(w, strings.Repeat("---\t", len(head)-1)+"---")
	for _, row := range rows {
		fmt.Fprintln(w, strings.ReplaceAll(row, "\t", "\t "))
	}
	_ = w.Flush() // to a string
	return text.String()
}
