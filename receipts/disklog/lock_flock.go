//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package disklog

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lock locks the log for its only writer. The kernel releases the lock when
// the process ends for any reason.
func lock(name string) (unlock func() error, err error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("disklog: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, ErrLocked
		}
		return nil, fmt.Errorf("disklog: locking: %w", err)
	}
	return f.Close, nil
}

// syncDir makes the names in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
