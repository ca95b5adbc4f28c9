package auth

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// KeyFileError is the error for a file without a valid development key.
type KeyFileError struct{ path string }

// Error implements error. The message says what to do.
func (e *KeyFileError) Error() string {
	return fmt.Sprintf("%s is not a development key: delete the file, and sign in again", e.path)
}

// DevelopmentKey returns the key in the file at path, which signs the tokens of development mode. If
// the file does not exist, it creates one that only its owner can read. Several processes may call it at
// the same time: all of them get the same key. It returns a [KeyFileError] if the file contains no key.
func DevelopmentKey(path string) ([]byte, error) {
	key, err := ReadDevelopmentKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	// Write the complete file before it gets its name, so that no process reads a part of it.
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // its mode is 0600
	if err != nil {
		return nil, fmt.Errorf("create the development key: %w", err)
	}
	defer os.Remove(file.Name())
	_, err = file.WriteString(hex.EncodeToString(RandomSecret()) + "\n")
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, fmt.Errorf("write the development key: %w", err)
	}
	if err := os.Link(file.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("name the development key: %w", err)
	}
	return ReadDevelopmentKey(path)
}

// ReadDevelopmentKey returns the key in the file at path, or an error that is [fs.ErrNotExist] if
// there is no such file. It returns a [KeyFileError] if the file contains no key.
func ReadDevelopmentKey(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the development key: %w", err)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != MinSecretBytes {
		return nil, &KeyFileError{path}
	}
	return key, nil
}
