package app_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"parley/internal/testkit"
	"parley/internal/testkit/golden"
)

// TestMetricsPage: docs/metrics.md lists the metrics of a node on PostgreSQL, which has them all.
func TestMetricsPage(t *testing.T) {
	s := testkit.StartOn(t, testkit.MigratedPostgresURL(t))
	busy(t, s)
	page := metricsPage(s.Metrics())
	golden.Check(t, "../../docs/metrics.md", page, "scripts/generate")
}

// metricsPage returns metrics in Prometheus's text format as a page.
func metricsPage(text string) string {
	var b strings.Builder
	b.WriteString(`# Metrics

This page is generated from the metrics of a running node. ` + "`/metrics`" + ` has them for Prometheus, together with those of the Go runtime
(` + "`go_…`" + `) and of the process (` + "`process_…`" + `). In production ` + "`PARLEY_ADMIN_ADDR`" + ` is the address that has them. The dashboard and the alerts in
` + "`ops/`" + ` use them: see [alerts](operations.md#alerts).

| metric | type | labels | meaning |
|---|---|---|---|
`)
	family := regexp.MustCompile(
		`(?m)^# HELP (parley_\w+) (.*)\n# TYPE \w+ (\w+)\n((?:parley_\w+[ {].*\n)+)`)
	label := regexp.MustCompile(`[{,](\w+)="`)
	for _, found := range family.FindAllStringSubmatch(text, -1) {
		var labels []string
		for _, name := range label.FindAllStringSubmatch(found[4], -1) {
			if quoted := "`" + name[1] + "`"; name[1] != "le" && !slices.Contains(labels, quoted) {
				labels = append(labels, quoted)
			}
		}
		slices.Sort(labels)
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n",
			found[1], found[3], strings.Join(labels, ", "), found[2])
	}
	return b.String()
}
