// Extending proves docs/extending.md, which lists the places to edit for a new field, mutation or
// subscription. It makes the page's changes on a copy of the repository, runs the generators and
// the tests that the page names, and then leaves out each place once: what the page names must
// fail.
//
// Run it at the top of the repository. It needs Go alone; the tests use SQLite.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

const (
	page     = "docs/extending.md"
	mutation = "A mutation with a new event"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "extending:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	text, err := os.ReadFile(page)
	if err != nil {
		return fmt.Errorf("%w; run this at the top of the repository", err)
	}
	sections, err := parsePage(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", page, err)
	}
	dir, err := os.MkdirTemp("", "parley-extending-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	c := &checkout{dir: dir, begun: time.Now()}
	if err := c.fill(ctx); err != nil {
		return fmt.Errorf("copy the repository: %w", err)
	}
	if err := c.extend(ctx, sections); err != nil {
		return err
	}
	return c.leaveOut(ctx, sections)
}

// checkout is a copy of the repository.
type checkout struct {
	dir   string
	begun time.Time
	// cpu is the processor time of the commands so far.
	cpu time.Duration
	// proven are the places whose claim has been checked.
	proven []*place
}

// fill copies the files that git knows or would add.
func (c *checkout) fill(ctx context.Context) error {
	list, err := exec.CommandContext(ctx, "git", "ls-files", "-z", "-co", "--exclude-standard").
		Output()
	if err != nil {
		return err
	}
	for name := range strings.SplitSeq(strings.Trim(string(list), "\x00"), "\x00") {
		info, err := os.Lstat(name)
		if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
			continue
		}
		if err != nil {
			return err
		}
		content, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if err := c.write(name, content); err != nil {
			return err
		}
	}
	return nil
}

func (c *checkout) write(name string, content []byte) error {
	path := filepath.Join(c.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o600)
}

// extend makes the changes of the page. Where a place is the input of a generator, it is as if left
// out until the generator runs: that is when its claim is checked.
func (c *checkout) extend(ctx context.Context, sections []*section) error {
	// The mutation comes last: until gqlgen runs it does not compile, and the others are to be
	// tested.
	order := slices.Clone(sections)
	slices.SortStableFunc(order, func(a, b *section) int {
		switch {
		case a.name == mutation && b.name != mutation:
			return 1
		case b.name == mutation && a.name != mutation:
			return -1
		}
		return 0
	})
	var bindings []*place
	for _, s := range order {
		for _, p := range s.places {
			if err := c.apply(p); err != nil {
				return err
			}
		}
		for _, p := range s.places {
			if !p.touches("ent/schema/") {
				continue
			}
			if err := c.prove(ctx, p); err != nil {
				return err
			}
			if err := c.must(ctx, "go", "generate", "./ent"); err != nil {
				return err
			}
		}
		for _, p := range s.places {
			if p.touches("graph/schema/") || p.command != "" {
				if err := c.prove(ctx, p); err != nil {
					return err
				}
			}
			if p.command != "" {
				if err := c.must(ctx, "bash", "-c", p.command); err != nil {
					return err
				}
			}
			if p.claim.generate {
				bindings = append(bindings, p)
			}
		}
	}
	for _, p := range bindings {
		if err := c.without(p, func() error { return c.prove(ctx, p) }); err != nil {
			return err
		}
	}
	if err := c.must(ctx, "go", "generate", "./graph"); err != nil {
		return err
	}
	return c.test(ctx, sections)
}

// test runs what the page names, and the page's own tests.
func (c *checkout) test(ctx context.Context, sections []*section) error {
	tests := map[string][]string{}
	own := regexp.MustCompile(`\+func (Test\w+)\(`)
	for _, s := range sections {
		for _, p := range s.places {
			if p.claim.test != "" {
				tests[p.claim.pkg] = append(tests[p.claim.pkg], p.claim.test)
			}
			for _, e := range p.edits {
				for _, found := range own.FindAllStringSubmatch(strings.Join(e.lines, "\n"), -1) {
					pkg := "./" + filepath.Dir(e.file)
					tests[pkg] = append(tests[pkg], found[1])
				}
			}
		}
	}
	if err := c.must(ctx, "go", "build", "./..."); err != nil {
		return err
	}
	for pkg, names := range tests {
		if err := c.must(ctx, "go", goTest(pkg, strings.Join(names, "|"))...); err != nil {
			return err
		}
	}
	return nil
}

// leaveOut leaves out each place that has a claim, and was not proven before.
func (c *checkout) leaveOut(ctx context.Context, sections []*section) error {
	for _, s := range sections {
		for _, p := range s.places {
			if p.claim == (claim{}) || slices.Contains(c.proven, p) {
				continue
			}
			if err := c.without(p, func() error { return c.prove(ctx, p) }); err != nil {
				return err
			}
		}
	}
	c.say("%d places: something fails wherever one is forgotten (%d s of processor time)",
		len(c.proven), int(c.cpu.Seconds()))
	return nil
}

// apply makes a place's edits.
func (c *checkout) apply(p *place) error {
	for _, e := range p.edits {
		if e.creates() {
			if err := c.write(e.file, []byte(e.content())); err != nil {
				return err
			}
			continue
		}
		if err := c.change(e.file, e.apply); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}

// change rewrites a file.
func (c *checkout) change(name string, by func(lines []string) ([]string, error)) error {
	text, err := os.ReadFile(filepath.Join(c.dir, name))
	if err != nil {
		return err
	}
	lines, err := by(strings.Split(string(text), "\n"))
	if err != nil {
		return err
	}
	return c.write(name, []byte(strings.Join(lines, "\n")))
}

// without runs do while the place is left out, and then restores what do may have changed.
func (c *checkout) without(p *place, do func() error) error {
	saved := map[string][]byte{}
	save := func(name string) error {
		content, err := os.ReadFile(filepath.Join(c.dir, name))
		saved[name] = content
		return err
	}
	for _, e := range p.edits {
		if _, ok := saved[e.file]; !ok {
			if err := save(e.file); err != nil {
				return err
			}
		}
	}
	if p.claim.generate { // gqlgen writes these
		var written []string
		for _, pattern := range []string{"graph/*.go", "graph/generated/*.go", "graph/model/*_gen.go"} {
			found, err := fs.Glob(os.DirFS(c.dir), pattern)
			if err != nil {
				return err
			}
			written = append(written, found...)
		}
		for _, name := range written {
			if err := save(name); err != nil {
				return err
			}
		}
	}
	for _, e := range slices.Backward(p.edits) {
		var err error
		if e.creates() {
			err = os.Remove(filepath.Join(c.dir, e.file))
		} else {
			err = c.change(e.file, e.undo)
		}
		if err != nil {
			return fmt.Errorf("leave out %s: %w", p.name, err)
		}
	}
	if err := do(); err != nil {
		return err
	}
	for name, content := range saved {
		if err := c.write(name, content); err != nil {
			return err
		}
	}
	return nil
}

// prove checks that what the page claims to fail fails.
func (c *checkout) prove(ctx context.Context, p *place) error {
	c.proven = append(c.proven, p)
	silent := fmt.Errorf("%s (%s): it is left out, and nothing fails of what %s names: %s",
		p.name, p.where(), page, p.claim)
	if p.claim.test != "" {
		out, err := c.command(ctx, "go", goTest(p.claim.pkg, p.claim.test)...)
		if err == nil {
			return silent
		}
		if !strings.Contains(out, "--- FAIL: "+p.claim.test) {
			return fmt.Errorf(
				"%s (%s): %s does not fail, but:\n%s",
				p.name,
				p.where(),
				p.claim,
				out,
			)
		}
		c.say("%s (%s): %s fails", p.name, p.where(), p.claim.test)
		return nil
	}
	if p.claim.generate {
		if _, err := c.command(ctx, "go", "generate", "./graph"); err != nil {
			c.say("%s (%s): the generator fails", p.name, p.where())
			return nil //nolint:nilerr // it is to fail
		}
	}
	if _, err := c.command(ctx, "go", "build", p.claim.pkg); err == nil {
		return silent
	}
	c.say("%s (%s): the build fails", p.name, p.where())
	return nil
}

func (p *place) where() string {
	if len(p.edits) == 0 {
		return p.command
	}
	return p.edits[0].file
}

func (cl claim) String() string {
	if cl.test != "" {
		return cl.test + " in " + cl.pkg
	}
	return "the build of " + cl.pkg
}

// goTest are the arguments of go that run tests of a package, on SQLite.
func goTest(pkg, tests string) []string {
	return []string{
		"test",
		"-vet=off",
		"-ldflags=-s -w",
		"-run",
		"^(" + tests + ")$/(?i)^sqlite",
		pkg,
	}
}

// must runs a command that has to succeed.
func (c *checkout) must(ctx context.Context, name string, args ...string) error {
	out, err := c.command(ctx, name, args...)
	if err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	c.say("%s %s", name, strings.Join(args, " "))
	return nil
}

// command runs a command in the copy and returns what it prints.
func (c *checkout) command(ctx context.Context, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = c.dir
	// With -trimpath what is built in the copy is found in the cache of the repository.
	cmd.Env = append(os.Environ(), "GOFLAGS=-trimpath", "GOWORK=off", "PWD="+c.dir)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if state := cmd.ProcessState; state != nil {
		c.cpu += state.UserTime() + state.SystemTime()
	}
	return out.String(), err
}

func (c *checkout) say(format string, args ...any) {
	fmt.Printf("%4d s  %s\n", int(time.Since(c.begun).Seconds()), fmt.Sprintf(format, args...))
}
