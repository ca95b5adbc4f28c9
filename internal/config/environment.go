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

// environment is the environment of the process: the values by the names of the variables, of
// those that are not empty.
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

// resolver resolves the flags that were not given.
func (e environment) resolver() kong.Resolver {
	return kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		for _, name := range flag.Envs {
			if value := e[name]; value != "" {
				return value, nil
			}
		}
		return nil, nil //nolint:nilnil // how a resolver says that it knows nothing
	})
}

const prefix = "PARLEY_"

// otherVariables match the variables, as NAME=VALUE, that begin like settings and are none: those by
// which Kubernetes and Docker name the services whose names begin with "parley", and those of
// Parley's tests, benchmarks and client harness. Their PORT is a URL; a number is an operator's.
func otherVariables() *regexp.Regexp {
	return regexp.MustCompile(`^PARLEY_(` +
		`([A-Z0-9_]+_)?(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_[0-9]+_(TCP|UDP|SCTP)(_[A-Z]+)?)=` +
		`|([A-Z0-9_]+_)?PORT=[a-z]+://` +
		`|(TEST|STORE_TEST|BENCH|ORACLE|DIFFERENTIAL)_[A-Z_]+=|(BINARY|BROWSER_SERVER|TORTURE_SERVER)=)`)
}

// check returns an error for each variable that begins like a setting and is none. settings are the
// names of the settings' variables.
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
		distance := func(setting string) int {
			return levenshtein.ComputeDistance(
				strings.TrimPrefix(name, prefix), strings.TrimPrefix(setting, prefix))
		}
		nearest := slices.MinFunc(settings, func(a, b string) int {
			return distance(a) - distance(b)
		})
		errs = append(errs, fmt.Errorf(
			"%s is no setting: did you mean %s? (--help lists the settings)", name, nearest))
	}
	return errors.Join(errs...)
}
