//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd)

package disklog

import (
	"errors"
	"fmt"
	"os"
)

// lock locks the log for its only writer. The lock lasts as long as the file
// exists. After a crash, an operator who knows that no writer runs must remove
// the file.
func lock(name string) (unlock func() error, err error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil, ErrLocked
	}
	if err != nil {
		return nil, fmt.Errorf("disklog: %w", err)
	}
	return func() error { return errors.Join(f.Close(), os.Remove(name)) }, nil
}

// syncDir does nothing, because this system cannot sync directories.
func syncDir(string) error { return nil }
