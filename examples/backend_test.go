//go:build unix

package examples_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"parley/internal/testkit"
)

// TestBackEndTutorial runs the code of docs/tutorials/back-end.md in one shell, from top to bottom,
// and compares its output with the page. The files are in place from the start.
func TestBackEndTutorial(t *testing.T) {
	require(t, "bash", "curl", "openssl", "go", "node", "python3")
	text, err := os.ReadFile("../docs/tutorials/back-end.md")
	if err != nil {
		t.Fatal(err)
	}
	address := testkit.FreeAddress(t)
	page := strings.ReplaceAll(string(text), "127.0.0.1:8080", address)
	s := startShell(t, testkit.BuildServer(t), "PARLEY_ADDR="+address)
	for _, found := range snippet.FindAllStringSubmatch(page, -1) {
		s.write(filepath.Base(found[1]), found[4])
	}
	steps := steps(page)
	if len(steps) < 10 {
		t.Fatalf("the page has %d steps", len(steps))
	}
	for _, step := range steps {
		s.check(step)
	}
}

// require skips the test if a program is missing, and fails it in CI.
func require(t *testing.T, programs ...string) {
	t.Helper()
	for _, name := range programs {
		if _, err := exec.LookPath(name); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatal(err)
			}
			t.Skip(err)
		}
	}
}

// step is a block of shell commands, and the output that the page shows for it. It is empty if the
// page shows none.
type step struct {
	commands, output string
	// eventually: the step is repeated until its output is as expected.
	eventually bool
}

// steps returns the shell commands of a page. A block of another language directly after them is
// their output. The comment `<!-- eventually -->` stands before commands that wait for something.
func steps(page string) (steps []step) {
	blocks := regexp.MustCompile(
		"(?s)(<!-- eventually -->\n)?```sh\n(.*?)```\n(?:\n```(?:json|text)\n(.*?)```\n)?",
	)
	for _, found := range blocks.FindAllStringSubmatch(page, -1) {
		steps = append(
			steps, step{commands: found[2], output: found[3], eventually: found[1] != ""})
	}
	return steps
}

// pattern returns an expression for the output of a step, in which … stands for any characters of a
// line.
func (s step) pattern() *regexp.Regexp {
	text := regexp.QuoteMeta(strings.TrimSpace(s.output))
	return regexp.MustCompile("^" + strings.ReplaceAll(text, "…", ".*") + `\s*$`)
}

// shell is a running bash. A command that fails ends it.
type shell struct {
	t      *testing.T
	folder string
	stdin  io.Writer
	done   *bufio.Scanner
	steps  int
}

// killed matches what bash prints when a program in the background was killed.
var killed = regexp.MustCompile(`\./step\.sh: line \d+: +\d+ (?:Killed|Terminated) .*\n`)

func startShell(t *testing.T, server string, env ...string) *shell {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	s := &shell{t: t, folder: t.TempDir()}
	bash := exec.CommandContext(ctx, "bash", "-euo", "pipefail")
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "PARLEY_") && !strings.HasPrefix(entry, "DATABASE_URL=") {
			bash.Env = append(bash.Env, entry)
		}
	}
	path := "PATH=" + filepath.Dir(server) + ":" + os.Getenv("PATH")
	bash.Env = append(append(bash.Env, path), env...)
	bash.Dir = s.folder
	// What the shell starts in the background ends with it.
	bash.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	kill := func() error { return syscall.Kill(-bash.Process.Pid, syscall.SIGKILL) }
	bash.Cancel = kill
	bash.WaitDelay = 10 * time.Second
	stdin, err := bash.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := bash.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.stdin, s.done = stdin, bufio.NewScanner(stdout)
	if err := bash.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = kill() // an error means that all have ended
		_ = bash.Wait()
	})
	return s
}

func (s *shell) write(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.folder, name), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// run runs the commands of a step and returns their output.
func (s *shell) run(step step) string {
	s.t.Helper()
	s.write("step.sh", step.commands)
	s.steps++ // a program in the background may write to the output of the step that started it
	file := fmt.Sprintf("step-%d.out", s.steps)
	command := ". ./step.sh >" + file + " 2>&1"
	if step.eventually { // the commands may fail at first
		command += " || true"
	}
	if _, err := fmt.Fprintln(s.stdin, command+"; echo done"); err != nil {
		s.t.Fatal(err)
	}
	ended := !s.done.Scan()
	output, err := os.ReadFile(filepath.Join(s.folder, file))
	if err != nil {
		s.t.Fatal(err)
	}
	if ended {
		s.t.Fatalf("a command has failed:\n%s\n%s", step.commands, output)
	}
	return killed.ReplaceAllString(string(output), "")
}

// check runs a step and compares its output.
func (s *shell) check(step step) {
	s.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; {
		output := s.run(step)
		switch {
		case step.output == "" || step.pattern().MatchString(output):
			return
		case !step.eventually || time.Now().After(deadline):
			s.t.Fatalf("%s\nprints\n%s\nwant\n%s", step.commands, output, step.output)
		}
		time.Sleep(100 * time.Millisecond)
	}
}
