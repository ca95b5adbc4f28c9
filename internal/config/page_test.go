package config

import (
	"fmt"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"parley/internal/testkit/golden"
)

// TestSettingsPage: docs/settings.md lists the settings as --help does.
func TestSettingsPage(t *testing.T) {
	golden.Check(t, "../../docs/settings.md", settings(t), "scripts/generate")
}

// settings returns the settings as a page.
func settings(t *testing.T) string {
	t.Helper()
	var config Config
	parser, err := kong.New(&config, groups())
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString(`# Settings

This page is generated from the code. Each setting is a flag or an environment variable; a flag takes precedence, and an empty variable
counts as unset. The server does not start if a value is invalid, or if an unknown variable begins with ` + "`PARLEY_`" + `.
The variables ` + "`PARLEY_JWT_SECRET_FILE`, `DATABASE_URL_FILE` and `PARLEY_NATS_URL_FILE`" + ` name files with the values, as Docker and
Kubernetes mount secrets.
[Operations](operations.md) explains how to choose the values.

A duration is a number with a unit, such as ` + "`15s`, `30m` or `168h`" + `.
`)
	var titles []*kong.Group
	byGroup := map[string][]*kong.Flag{}
	for _, f := range parser.Model.Flags {
		if f.Group == nil {
			continue // --help
		}
		if byGroup[f.Group.Key] == nil {
			titles = append(titles, f.Group)
		}
		byGroup[f.Group.Key] = append(byGroup[f.Group.Key], f)
	}
	for _, group := range titles {
		title, _, _ := strings.Cut(strings.TrimSuffix(group.Title, ":"), " (")
		fmt.Fprintf(&b, "\n## %s\n\n", title)
		if group.Description != "" {
			fmt.Fprintf(&b, "%s\n\n", group.Description)
		}
		b.WriteString("| variable, flag | default | meaning |\n|---|---|---|\n")
		for _, f := range byGroup[group.Key] {
			value := f.Default
			if value != "" {
				value = "`" + value + "`"
			}
			fmt.Fprintf(&b, "| `%s`<br>`--%s=%s` | %s | %s |\n",
				f.Envs[0], f.Name, f.PlaceHolder, value, f.Help)
		}
	}
	return b.String()
}
