package request

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/mandate-engine/mandate/canonical"
)

// An Outbox is a Notifier that writes each message to a file, for another
// program to send: {to, kind: "otp", otp, link, requestId, language}. Files
// have mode 0600 in a directory of mode 0700. Their names sort by time. A file
// with the suffix .json is complete.
type Outbox struct{ Dir string }

// unfinished is the name prefix of incomplete files.
const unfinished = ".new-"

// Notify implements [Notifier].
func (o Outbox) Notify(_ context.Context, m Message) error {
	b, err := canonical.Marshal(object{"to": m.To, "kind": "otp", "otp": m.OTP, "link": m.Link, "requestId": m.RequestID, "language": m.Language})
	if err != nil {
		return fmt.Errorf("request: outbox: %w", err)
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return fmt.Errorf("request: outbox: %w", err)
	}
	f, err := os.CreateTemp(o.Dir, unfinished) // of mode 0600
	if err != nil {
		return fmt.Errorf("request: outbox: %w", err)
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		var tail [6]byte
		rand.Read(tail[:])
		err = os.Rename(f.Name(), filepath.Join(o.Dir, fmt.Sprintf("%020d-%s.json", time.Now().UnixNano(), hex.EncodeToString(tail[:]))))
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("request: outbox: %w", err)
	}
	return nil
}

// Clean removes the incomplete files of a process that died. Call it once when
// a process starts. If another process writes a message at that moment, that
// write fails, and [Service.Sweep] sends the message again.
func (o Outbox) Clean() error {
	files, err := os.ReadDir(o.Dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	for _, f := range files {
		if !strings.HasPrefix(f.Name(), unfinished) {
			continue
		}
		if e := os.Remove(filepath.Join(o.Dir, f.Name())); !errors.Is(e, os.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	if err != nil {
		return fmt.Errorf("request: outbox: %w", err)
	}
	return nil
}
