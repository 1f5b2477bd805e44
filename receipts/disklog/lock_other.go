//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd)

package disklog

import (
	"errors"
	"fmt"
	"os"
)

// lock takes the lock of the one writer, which is there as long as the file
// is. After a crash somebody who knows that no writer runs has to remove it.
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

// syncDir does nothing: directories cannot be synced here.
func syncDir(string) error { return nil }
