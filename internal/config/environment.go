package config

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/alecthomas/kong"
)

// environment maps the names of non-empty environment variables to their values.
type environment map[string]string

func newEnvironment(environ []string) environment {
	e := make(environment, len(environ))
	for _, entry := range environ {
		if name, value, _ := strings.Cut(entry, "="); value != "" {
			e[name] = value
		}
	}
	return e
}

// resolver returns the values of flags that are not on the command line.
func (e environment) resolver() kong.Resolver {
	return kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		for _, name := range flag.Envs {
			if value := e[name]; value != "" {
				return value, nil
			}
		}
		return nil, nil //nolint:nilnil // the result of a resolver without a value
	})
}

const prefix = "PARLEY_"

// otherVariables matches the variables, as NAME=VALUE, that begin like settings but are none: those
// that Kubernetes and Docker set for services whose names begin with "parley", and those of Parley's
// tests, benchmarks and client harness. A PORT of Kubernetes or Docker is a URL, not a number.
func otherVariables() *regexp.Regexp {
	return regexp.MustCompile(`^PARLEY_(` +
		`([A-Z0-9_]+_)?(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_[0-9]+_(TCP|UDP|SCTP)(_[A-Z]+)?)=` +
		`|([A-Z0-9_]+_)?PORT=[a-z]+://` +
		`|(TEST|STORE_TEST|BENCH|ORACLE|DIFFERENTIAL)_[A-Z_]+=|(BINARY|BROWSER_SERVER|TORTURE_SERVER)=)`)
}

// renamed returns the former names of settings and the names that replace them.
func renamed() map[string]string {
	return map[string]string{
		"PARLEY_MAX_ANSWER_BYTES": "PARLEY_MAX_RESPONSE_MEMORY",
		"PARLEY_MAX_SOCKET_BYTES": "PARLEY_MAX_SOCKET_MEMORY",
		"PARLEY_TRACES_SHARE":     "PARLEY_TRACE_SAMPLE_RATIO",
	}
}

// checkFlags returns an error for the first flag in args that has a former name.
func checkFlags(args []string) error {
	flag := func(variable string) string {
		words := strings.ToLower(strings.TrimPrefix(variable, prefix))
		return "--" + strings.ReplaceAll(words, "_", "-")
	}
	for _, arg := range args {
		name, _, _ := strings.Cut(arg, "=")
		for former, replacement := range renamed() {
			if name == flag(former) {
				return fmt.Errorf("%s was renamed: use %s", name, flag(replacement))
			}
		}
	}
	return nil
}

// check returns an error for each variable that begins like a setting but is none. settings are the
// names of the variables of settings.
func (e environment) check(settings []string) error {
	var unknown []string
	others := otherVariables()
	for name, value := range e {
		if strings.HasPrefix(name, prefix) && !slices.Contains(settings, name) &&
			!others.MatchString(name+"="+value) {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	var errs []error
	for _, name := range unknown {
		if replacement := renamed()[name]; replacement != "" {
			errs = append(errs, fmt.Errorf("%s was renamed: use %s", name, replacement))
			continue
		}
		distance := func(setting string) int {
			return levenshtein.ComputeDistance(
				strings.TrimPrefix(name, prefix), strings.TrimPrefix(setting, prefix))
		}
		nearest := slices.MinFunc(settings, func(a, b string) int {
			return distance(a) - distance(b)
		})
		errs = append(errs, fmt.Errorf(
			"%s is not a setting: did you mean %s? (--help lists the settings)", name, nearest))
	}
	return errors.Join(errs...)
}
