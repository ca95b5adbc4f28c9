package structure

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestCheckCommits runs scripts/check-commits in a repository of its own.
func TestCheckCommits(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"git", "python3"} {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatalf("no %s on the PATH", program)
			}
			t.Skipf("no %s on the PATH", program)
		}
	}
	script, err := filepath.Abs("../../scripts/check-commits")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	run := func(name string, args ...string) (output string, code int) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
			"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.org",
			"GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.org")
		out, err := cmd.CombinedOutput()
		if failed := new(exec.ExitError); errors.As(err, &failed) {
			return string(out), failed.ExitCode()
		} else if err != nil {
			t.Fatal(err)
		}
		return string(out), 0
	}
	git := func(args ...string) {
		t.Helper()
		if out, code := run("git", args...); code != 0 {
			t.Fatalf("git %q: %s", args, out)
		}
	}
	commit := func(message string) {
		t.Helper()
		git("commit", "-q", "--allow-empty", "-m", message)
	}
	long := strings.Repeat("x", 73)
	url := "https://example.org/" + long
	git("init", "-q", "-b", "main")
	commit("An old commit, which is not checked.")
	git("tag", "base")
	commit("feat: add a thing\n\nThe reason.\n" + url)
	commit("fix(graph/exec)!: mend a thing")
	git("checkout", "-q", "-b", "branch")
	commit("docs(adr): é")
	git("checkout", "-q", "main")
	commit("test: add a test\n\n" + strings.Repeat("é", 72))
	git("merge", "-q", "--no-ff", "-m", "Merge a branch", "branch")
	if out, code := run(script, "base"); out != "" || code != 0 {
		t.Errorf("the commits are fine, but it exits with %d: %s", code, out)
	}

	for message, problem := range map[string]string{
		"Add a thing":                   "the subject is not",
		"feature: add a thing":          "the subject is not",
		"feat(Live): add a thing":       "the subject is not",
		"feat:add a thing":              "the subject is not",
		"feat: add " + long:             "the subject has 83 characters",
		"feat: add a thing.":            "ends with a full stop",
		"feat: add a thing\n\n" + long:  "line 3 has 73 characters",
		"feat: add a thing\nThe reason": "no empty line follows the subject",
	} {
		commit(message)
		out, code := run(script, "base")
		subject, _, _ := strings.Cut(message, "\n")
		if code != 1 || !strings.Contains(out, problem) || !strings.Contains(out, subject) {
			t.Errorf("%q: it exits with %d, and does not name %q: %s", message, code, problem, out)
		}
		git("reset", "-q", "--hard", "HEAD~1")
	}

	out, code := run(script, "0123456789")
	if code != 0 || strings.Count(out, "\n") != 1 || !strings.Contains(out, "not in the history") {
		t.Errorf("for an unknown base it exits with %d: %s", code, out)
	}
}
