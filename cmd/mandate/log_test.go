package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mandate-engine/mandate/receipts/disklog"
)

// fullLog accepts a limited number of entries.
type fullLog struct{ capacity, size int64 }

func (l *fullLog) Append(context.Context, []byte) (int64, error) {
	if l.size == l.capacity {
		return 0, errors.New("the disk is full")
	}
	l.size++
	return l.size - 1, nil
}
func (l *fullLog) Size() int64 { return l.size }

// Close fails after a failed write.
func (l *fullLog) Close() error { return errors.New("closed badly") }

// TestLogAppendFailsMidway checks that the entries acknowledged before a
// failure are printed, also with --json, and that the status is that of no
// decision.
func TestLogAppendFailsMidway(t *testing.T) {
	tests := []struct {
		name           string
		capacity       int64
		json           bool
		stdout, stderr string
	}{
		{"text", 2, true, `{"appended":[{"file":"a","index":0},{"file":"b","index":1}],"error":{"kind":"unavailable","message":"c: the disk is full"},"ok":false}`, "c: the disk is full"},
		{"nothing", 0, true, `{"appended":[],"error":{"kind":"unavailable","message":"a: the disk is full"},"ok":false}`, ""},
		{"Close fails", 3, true, `{"appended":[{"file":"a","index":0},{"file":"b","index":1},{"file":"c","index":2}],"error":{"kind":"unavailable","message":"closed badly"},"ok":false}`, ""},
		{"text", 2, false, "0  a\n1  b", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, out, _ := testApp("")
			err := a.appendAll(&fullLog{capacity: tt.capacity}, []string{"a", "b", "c"}, [][]byte{{1}, {2}, {3}}, tt.json)
			var e *exit
			if !errors.As(err, &e) || e.code != exitUndecided || !strings.Contains(err.Error(), tt.stderr) {
				t.Errorf("%v", err)
			}
			if got := strings.TrimSpace(out.String()); got != tt.stdout {
				t.Errorf("printed %s, want %s", got, tt.stdout)
			}
		})
	}
}

// TestLogVerifyTorn checks that a closed log without its tail is damaged, and
// that the tail of a log that was not closed is not reported as worthless.
func TestLogVerifyTorn(t *testing.T) {
	tests := []struct {
		name, state string
		code        int
		stdout      string
		stderr      string
	}{
		{"closed", "closed\n", exitNo, "not verified  disklog: the log is damaged: it was closed", ""},
		{"not closed", "sync\n", exitOK, "entries       1\n", "may be of a batch in the making"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			l, err := disklog.Open(dir, disklog.Options{})
			if err != nil {
				t.Fatal(err)
			}
			for _, entry := range []string{"one", "two"} {
				if _, err := l.Append(context.Background(), []byte(entry)); err != nil {
					t.Fatal(err)
				}
			}
			segment := filepath.Join(dir, "0000000000000000.seg")
			info, err := os.Stat(segment)
			if err := errors.Join(err, l.Close(), os.Truncate(segment, info.Size()-1), os.WriteFile(filepath.Join(dir, "state"), []byte(tt.state), 0o600)); err != nil {
				t.Fatal(err)
			}
			a, out, diag := testApp("")
			if code := a.run([]string{"log", "verify", dir}); code != tt.code {
				t.Errorf("status %d, want %d", code, tt.code)
			}
			if !strings.HasPrefix(out.String(), tt.stdout) || !strings.Contains(diag.String(), tt.stderr) {
				t.Errorf("stdout %s\nstderr %s", out, diag)
			}
		})
	}
}
