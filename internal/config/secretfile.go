package config

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

const (
	// fileSuffix ends the variable that names the file of a secret.
	fileSuffix = "_FILE"
	// maxSecretBytes is the maximum size of such a file.
	maxSecretBytes = 64 << 10
)

// readSecrets sets the secrets whose variable with _FILE names a file, as containers mount them, and
// removes those variables. It returns an error for each file that it cannot use.
func (e environment) readSecrets(flags []*kong.Flag) error {
	var errs []error
	for _, flag := range flags {
		if flag.Target.Type() != reflect.TypeFor[Secret]() {
			continue
		}
		name := flag.Envs[0]
		path, given := e[name+fileSuffix]
		if !given {
			continue
		}
		delete(e, name+fileSuffix)
		secret, err := readSecret(path)
		if e[name] != "" {
			err = fmt.Errorf("%s is set, too: remove one", name)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s%s: %w", name, fileSuffix, err))
			continue
		}
		e[name] = secret
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(errs...)
}

// readSecret returns the content of a file without the line break at its end.
func readSecret(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read the secret: %w", err)
	}
	secret := strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r")
	switch {
	case secret == "":
		return "", fmt.Errorf("%s is empty", path)
	case len(secret) > maxSecretBytes:
		return "", fmt.Errorf("%s has more than %d bytes: it is no secret", path, maxSecretBytes)
	case strings.Contains(secret, "\x00"):
		return "", fmt.Errorf("%s is not a text", path)
	}
	return secret, nil
}
