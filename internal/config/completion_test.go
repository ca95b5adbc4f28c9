package config_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"parley/internal/config"
)

// TestCompletion: each shell accepts its script, and completes a flag and a command by it. A script
// contains every flag and command. Shells that are not installed are left out.
func TestCompletion(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		shell string
		args  []string // "SCRIPT" is the script's path
		want  string
	}{
		{
			"bash",
			[]string{"-c", `. SCRIPT; COMP_CWORD=1; for word in --trusted-d pru; do COMP_WORDS=(parley "$word"); _parley; echo "${COMPREPLY[@]}"; done`},
			"--trusted-documents\nprune\n",
		},
		{
			"fish",
			[]string{"-c", `source SCRIPT; for word in pru --trusted-d; complete -C "parley $word"; end`},
			"prune\tDelete once what has expired by --message-retention, --log-retention and " +
				"--deleted-room-retention, and exit\n--trusted-documents",
		},
		{"zsh", []string{"-n", "SCRIPT"}, ""}, // it completes in interactive shells only
	} {
		t.Run(test.shell, func(t *testing.T) {
			t.Parallel()
			_, script, err := parse(
				t,
				map[string]string{"PARLEY_ADDR": "x"},
				"--completion="+test.shell,
			)
			if !errors.Is(err, config.ErrPrinted) {
				t.Fatalf("%v, want ErrPrinted", err)
			}
			for _, s := range settings {
				if !strings.Contains(script, strings.TrimPrefix(s.flag, "--")) {
					t.Errorf("the script lacks %s", s.flag)
				}
			}
			for _, command := range []string{"serve", "prune", "token", "admin", "check-documents"} {
				if !regexp.MustCompile(`\b` + command + `\b`).MatchString(script) {
					t.Errorf("the script lacks the command %s", command)
				}
			}
			program, err := exec.LookPath(test.shell)
			switch {
			case err != nil && os.Getenv("CI") == "true":
				t.Fatal(err)
			case err != nil:
				t.Skip(err)
			}
			path := filepath.Join(t.TempDir(), "completion")
			if err := os.WriteFile(path, []byte(script), 0o600); err != nil {
				t.Fatal(err)
			}
			args := append([]string(nil), test.args...)
			for i := range args {
				args[i] = strings.ReplaceAll(args[i], "SCRIPT", filepath.ToSlash(path))
			}
			command := exec.CommandContext(t.Context(), program, args...)
			command.Env = append(os.Environ(), "HOME="+t.TempDir())
			out, err := command.CombinedOutput()
			if err != nil || !strings.HasPrefix(string(out), test.want) {
				t.Errorf("%v, output %q, want %q", err, out, test.want)
			}
		})
	}
	if _, _, err := parse(t, nil, "--completion=tcsh"); err == nil ||
		!strings.Contains(err.Error(), "bash, zsh or fish") {
		t.Errorf("an unknown shell: %v", err)
	}
}
