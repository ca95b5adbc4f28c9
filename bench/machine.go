package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"
)

// setup describes what is measured, when, and on which machine.
func (o options) setup(begin time.Time) string {
	// A file that is missing, as in some containers, leaves a part out.
	read := func(file, pattern string) string {
		text, err := os.ReadFile(file)
		found := regexp.MustCompile(pattern).FindSubmatch(text)
		if err != nil || found == nil {
			return "unknown"
		}
		return string(found[1])
	}
	memory := "unknown"
	if kib, err := strconv.Atoi(read("/proc/meminfo", `MemTotal: +(\d+) kB`)); err == nil {
		memory = fmt.Sprintf("%.1f GiB", float64(kib)/(1<<20))
	}
	return fmt.Sprintf(
		"It began at %s. Rounds: %d of %v; subscribers: %d. Processor: %s; cores: %d; memory: %s; "+
			"system: Linux %s; load before: %s. ",
		begin.UTC().Format("2006-01-02 15:04 UTC"),
		o.rounds,
		o.length,
		o.subscribers,
		read("/proc/cpuinfo", `model name\s*: (.+)`),
		runtime.NumCPU(),
		memory,
		read("/proc/sys/kernel/osrelease", `(.+)`),
		read("/proc/loadavg", `^(\S+)`),
	)
}

// software describes the versions of the programs.
func (o options) software(ctx context.Context) string {
	versions := []string{runtime.Version()}
	if o.database != nil {
		versions = append(versions, "PostgreSQL "+o.database.version)
	}
	if slices.Contains(o.kinds, mercurius) {
		if version, err := exec.CommandContext(ctx, "node", "--version").Output(); err == nil {
			versions = append(versions, "Node "+strings.TrimSpace(string(version)))
		}
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		built := map[string]string{}
		for _, s := range info.Settings {
			built[s.Key] = s.Value
		}
		if revision := built["vcs.revision"]; revision != "" {
			commit := "commit " + revision[:min(12, len(revision))]
			if built["vcs.modified"] == "true" {
				commit += " with changes"
			}
			versions = append(versions, commit)
		}
	}
	return "Software: " + strings.Join(versions, ", ") + "."
}
