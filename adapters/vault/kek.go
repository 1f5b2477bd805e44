package vault

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// maxKEK bounds the size of a key-encryption key, in bytes.
const maxKEK = 4096

// ReadKEK returns the key-encryption key: the variable MANDATE_KEK itself, or
// the content of the file named by MANDATE_KEK_FILE, or the output of the
// command in MANDATE_KEK_COMMAND (run by sh, with our standard error). If none
// is set, it returns the content of file, which it creates with mode 0600 if
// necessary, and sets byDefault. The key is then stored next to the data that
// it protects, so the operator should be warned. White space around the key is
// removed. Two variables at once are an error.
func ReadKEK(ctx context.Context, getenv func(string) string, file string) (kek []byte, byDefault bool, err error) {
	value, path, command := getenv("MANDATE_KEK"), getenv("MANDATE_KEK_FILE"), getenv("MANDATE_KEK_COMMAND")
	switch {
	case value != "" && path+command != "" || path != "" && command != "":
		return nil, false, errors.New("vault: more than one of MANDATE_KEK, MANDATE_KEK_FILE and MANDATE_KEK_COMMAND is set")
	case value != "":
		kek = []byte(value)
	case path != "":
		kek, err = readFile(path)
	case command != "":
		kek, err = run(ctx, command)
	default:
		byDefault = true
		if kek, err = readFile(file); errors.Is(err, os.ErrNotExist) {
			kek, err = make32(file)
		}
	}
	if err != nil {
		return nil, byDefault, fmt.Errorf("vault: the key-encryption key: %w", err)
	}
	if kek = bytes.TrimSpace(kek); len(kek) == 0 || len(kek) > maxKEK {
		return nil, byDefault, errors.New("vault: the key-encryption key is empty or too long")
	}
	return kek, byDefault, nil
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxKEK+1))
}

func run(ctx context.Context, command string) ([]byte, error) {
	c := exec.CommandContext(ctx, "sh", "-c", command)
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		return nil, fmt.Errorf("MANDATE_KEK_COMMAND: %w", err)
	}
	return out, nil
}

// make32 writes a new key to a file that does not exist. If two processes do
// so at once, both use the file that was created first.
func make32(file string) ([]byte, error) {
	b := make([]byte, keySize)
	rand.Read(b)
	f, err := os.CreateTemp(filepath.Dir(file), ".kek-") // of mode 0600
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name())
	_, err = fmt.Fprintln(f, hex.EncodeToString(b))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, err
	}
	if err := os.Link(f.Name(), file); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, err
	}
	return readFile(file)
}
