package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// section is one kind of change on the page.
type section struct {
	name   string
	places []*place
}

// place is a part of the repository that has to be edited, by a diff or by a command.
type place struct {
	name    string
	edits   []*edit
	command string
	// claim says what fails if the place is forgotten; the zero value is no claim.
	claim claim
}

// claim is what fails: a generator or the build of a package, or else tests of it.
type claim struct {
	generate bool
	pkg      string
	test     string // "": the build
}

// touches reports whether the place edits a file whose path begins with prefix.
func (p *place) touches(prefix string) bool {
	for _, e := range p.edits {
		if strings.HasPrefix(e.file, prefix) {
			return true
		}
	}
	return false
}

// parsePage returns the sections of the page that have places.
func parsePage(text string) ([]*section, error) {
	var sections []*section
	var current *place
	heading := ""
	test := regexp.MustCompile("`(Test\\w+)` in `(\\./[\\w/]+)`")
	build := regexp.MustCompile("the build of `(\\./[\\w/]+)`")
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		switch {
		case strings.HasPrefix(line, "## "):
			sections = append(sections, &section{name: line[3:]})
		case strings.HasPrefix(line, "### "):
			heading, current = line[4:], nil
		case line == "```diff" || line == "```sh":
			if len(sections) == 0 {
				return nil, fmt.Errorf("line %d: a block before the first section", i+1)
			}
			current = &place{name: heading}
			first := i + 1
			for i++; i < len(lines) && lines[i] != "```"; i++ {
			}
			if line == "```sh" {
				current.command = strings.Join(lines[first:i], "\n")
			} else if err := current.parse(lines[first:i]); err != nil {
				return nil, fmt.Errorf("line %d: %w", first, err)
			}
			s := sections[len(sections)-1]
			s.places = append(s.places, current)
		case strings.HasPrefix(line, "If forgotten: "):
			if current == nil || current.claim != (claim{}) {
				return nil, fmt.Errorf("line %d: it belongs to no block", i+1)
			}
			if found := test.FindStringSubmatch(line); found != nil {
				current.claim = claim{test: found[1], pkg: found[2]}
			} else if found := build.FindStringSubmatch(line); found != nil {
				generate := strings.Contains(line, "`go generate ./graph` or")
				current.claim = claim{generate: generate, pkg: found[1]}
			} else {
				return nil, fmt.Errorf("line %d: it names no test and no build", i+1)
			}
		}
	}
	var full []*section
	for _, s := range sections {
		if len(s.places) > 0 {
			full = append(full, s)
		}
	}
	return full, nil
}

// parse reads a diff: "+++ FILE" begins a file, "@@" another hunk of it.
func (p *place) parse(lines []string) error {
	file := ""
	for _, line := range lines {
		switch name, isFile := strings.CutPrefix(line, "+++ "); {
		case isFile:
			file = name
			p.edits = append(p.edits, &edit{file: file})
		case file == "":
			return errors.New("a diff begins with +++ and a file")
		case line == "@@":
			p.edits = append(p.edits, &edit{file: file})
		default:
			e := p.edits[len(p.edits)-1]
			e.lines = append(e.lines, line)
		}
	}
	return nil
}

// edit is one hunk of a diff.
type edit struct {
	file  string
	lines []string
	// changes are what it has done, when it has been applied.
	changes []change
}

// change is that the lines before were replaced by the lines after, which follow the line previous.
type change struct {
	previous      string
	before, after []string
}

// creates reports whether the edit makes a file: it has no line that is there already.
func (e *edit) creates() bool {
	for _, line := range e.lines {
		if !strings.HasPrefix(line, "+") {
			return false
		}
	}
	return true
}

// content is the file that an edit makes.
func (e *edit) content() string {
	var b strings.Builder
	for _, line := range e.lines {
		b.WriteString(line[1:] + "\n")
	}
	return b.String()
}

// apply returns a file's lines with the edit. Its context must be in exactly one place.
func (e *edit) apply(file []string) ([]string, error) {
	var out []string
	var changes []change
	matches := 0
	for start := range file {
		if result, done, ok := e.at(file, start); ok {
			matches++
			out, changes = result, done
		}
	}
	if matches != 1 {
		return nil, fmt.Errorf(
			"%s has the lines of this edit in %d places; correct docs/extending.md:\n%s",
			e.file,
			matches,
			strings.Join(e.lines, "\n"),
		)
	}
	e.changes = changes
	return out, nil
}

// at applies the edit where its first line that is there already is the one at start.
func (e *edit) at(file []string, start int) (out []string, changes []change, ok bool) {
	out = append(out, file[:start]...)
	at, gap := start, false
	var pending change
	flush := func() {
		if len(pending.before)+len(pending.after) > 0 {
			changes = append(changes, pending)
		}
		pending = change{}
	}
	for _, line := range e.lines {
		kind, text := byte(' '), ""
		if line != "" {
			kind, text = line[0], line[1:]
		}
		if kind == '+' {
			if len(pending.before)+len(pending.after) == 0 && len(out) > 0 {
				pending.previous = out[len(out)-1]
			}
			out, pending.after = append(out, text), append(pending.after, text)
			continue
		}
		if strings.TrimSpace(line) == "…" {
			flush()
			gap = true
			continue
		}
		for gap && at < len(file) && !like(text, file[at]) {
			out = append(out, file[at])
			at++
		}
		gap = false
		if at == len(file) || !like(text, file[at]) {
			return nil, nil, false
		}
		if kind == '-' {
			if len(pending.before)+len(pending.after) == 0 && len(out) > 0 {
				pending.previous = out[len(out)-1]
			}
			pending.before = append(pending.before, file[at])
		} else {
			flush()
			out = append(out, file[at])
		}
		at++
	}
	flush()
	return append(out, file[at:]...), changes, true
}

// like reports whether a line is like a pattern, in which … stands for anything.
func like(pattern, line string) bool {
	begin, end, open := strings.Cut(strings.TrimSpace(pattern), "…")
	line = strings.TrimSpace(line)
	if !open {
		return line == begin
	}
	return strings.HasPrefix(line, begin) && strings.HasSuffix(line[len(begin):], end)
}

// undo returns a file's lines without the edit.
func (e *edit) undo(file []string) ([]string, error) {
	for _, c := range e.changes {
		var at []int
		for i := 0; i+len(c.after) <= len(file); i++ {
			same := true
			for j, line := range c.after {
				same = same &&
					strings.Join(
						strings.Fields(line),
						" ",
					) == strings.Join(
						strings.Fields(file[i+j]),
						" ",
					)
			}
			if same {
				at = append(at, i)
			}
		}
		if len(at) > 1 {
			var behind []int
			for _, i := range at {
				if i > 0 && file[i-1] == c.previous {
					behind = append(behind, i)
				}
			}
			at = behind
		}
		if len(at) != 1 {
			return nil, fmt.Errorf("%s has the lines of an edit in %d places:\n%s",
				e.file, len(at), strings.Join(c.after, "\n"))
		}
		rest := append([]string{}, file[at[0]+len(c.after):]...)
		file = append(append(file[:at[0]:at[0]], c.before...), rest...)
	}
	return file, nil
}
