// Summary reads what `go test -json` writes, and prints what `go test` would print. In addition, it
// ends with one line that says how many tests were skipped, and why. scripts/test runs it.
package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
)

func main() {
	if err := summarize(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "summary:", err)
		os.Exit(1)
	}
}

// event is one of the events of `go doc test2json`.
type event struct{ Action, Package, Test, Output string }

// line is a line of a package's output, from a test or, if that is "", from the package.
type line struct{ test, text string }

// result is what a package has printed, and the tests that did not fail.
type result struct {
	lines []line
	ended map[string]bool
}

// summarize prints a package's output when its tests have ended: all of it but that of the tests
// that passed.
func summarize(in io.Reader, out io.Writer) error {
	packages := map[string]*result{}
	skipped := map[string][]string{} // tests, by reason
	events := json.NewDecoder(bufio.NewReader(in))
	for {
		var e event
		if err := events.Decode(&e); err == io.EOF {
			break
		} else if err != nil {
			return fmt.Errorf("read an event of go test: %w", err)
		}
		p := packages[e.Package]
		if p == nil {
			p = &result{ended: map[string]bool{}}
			packages[e.Package] = p
		}
		switch e.Action {
		case "build-output":
			fmt.Fprint(out, e.Output)
		case "output":
			p.lines = append(p.lines, line{e.Test, e.Output})
		case "skip":
			if e.Test != "" {
				reason := p.reason(e.Test)
				skipped[reason] = append(skipped[reason], e.Test)
			}
			fallthrough
		case "pass", "fail":
			if e.Test != "" {
				p.ended[e.Test] = e.Action != "fail"
				continue
			}
			p.print(out, e.Action == "fail")
			delete(packages, e.Package)
		}
	}
	printSkipped(out, skipped)
	return nil
}

var (
	marks    = regexp.MustCompile(`^=== (RUN|PAUSE|CONT|NAME) `)
	verdict  = regexp.MustCompile(`^(ok  |\?   )\t`)
	position = regexp.MustCompile(`^ +\w+\.go:\d+: `)
)

// print prints a package's verdict and, if it failed, what its failed tests have printed.
func (p *result) print(out io.Writer, failed bool) {
	for _, l := range p.lines {
		switch {
		case failed && !p.ended[l.test] && !marks.MatchString(l.text),
			l.test == "" && verdict.MatchString(l.text):
			fmt.Fprint(out, l.text)
		}
	}
}

// reason returns what a skipped test has printed last.
func (p *result) reason(test string) string {
	for _, l := range slices.Backward(p.lines) {
		if at := position.FindString(l.text); l.test == test && at != "" {
			return strings.TrimSpace(l.text[len(at):])
		}
	}
	return "no reason"
}

// printSkipped prints the reasons in one line, the most frequent one first.
func printSkipped(out io.Writer, skipped map[string][]string) {
	if len(skipped) == 0 {
		return
	}
	var reasons []string
	total := 0
	for _, reason := range slices.SortedFunc(maps.Keys(skipped), func(a, b string) int {
		return cmp.Or(len(skipped[b])-len(skipped[a]), cmp.Compare(a, b))
	}) {
		tests := skipped[reason]
		name := tests[0]
		if more := len(tests) - 1; more > 0 {
			name += fmt.Sprintf(" and %d more", more)
		}
		reasons = append(reasons, fmt.Sprintf("%s (%s)", name, reason))
		total += len(tests)
	}
	fmt.Fprintf(out, "skipped tests: %d: %s\n", total, strings.Join(reasons, "; "))
}
