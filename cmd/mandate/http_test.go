package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestHTTPDocument runs the commands in docs/http.md, block by block, and
// compares their output with the document.
func TestHTTPDocument(t *testing.T) {
	for _, tool := range []string{"bash", "curl", "jq", "openssl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("there is no %s here", tool)
		}
	}
	doc, err := os.ReadFile("../../docs/http.md")
	if err != nil {
		t.Fatal(err)
	}
	// The document's port may be in use.
	script, want := session(strings.ReplaceAll(string(doc), "127.0.0.1:8080", freeAddr(t)))
	if len(want) < 10 {
		t.Fatalf("the document has %d blocks that print", len(want))
	}
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", script)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+binDir(t)+":"+os.Getenv("PATH"))
	cmd.WaitDelay = time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	runErr := cmd.Run()
	got := strings.Split(stdout.String(), mark+"\n")
	for i, w := range want {
		if i >= len(got) || got[i] != w.text {
			shown := "nothing"
			if i < len(got) {
				shown = got[i]
			}
			t.Errorf("the block at line %d prints\n%swant\n%s", w.line, shown, w.text)
			break
		}
	}
	log, _ := os.ReadFile(filepath.Join(dir, "server.log"))
	if runErr != nil || t.Failed() {
		t.Fatalf("%v\n%s\nserver: %s", runErr, stderr.String(), log)
	}
}

const mark = "---- end of block"

type printed struct {
	line int
	text string
}

// session returns a script of the sh blocks of a document, with a mark after
// each, and their expected outputs: the text block that follows, or nothing.
func session(doc string) (script string, want []printed) {
	var s strings.Builder
	s.WriteString("trap 'kill -9 ${SERVER:-} 2>/dev/null || :' EXIT\n")
	kind, block := "", ""
	for i, line := range strings.Split(doc, "\n") {
		switch fence, isFence := strings.CutPrefix(line, "```"); {
		case isFence && kind == "":
			kind, block = fence, ""
			if kind == "sh" {
				want = append(want, printed{line: i + 1})
			}
		case isFence:
			if kind == "sh" {
				fmt.Fprintf(&s, "%secho %q\n", block, mark)
			} else if kind == "text" && len(want) > 0 {
				want[len(want)-1].text = block
			}
			kind = ""
		default:
			block += line + "\n"
		}
	}
	return s.String(), want
}

// binDir returns a folder in which this test binary is the command mandate.
func binDir(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(self, filepath.Join(dir, "mandate")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// freeAddr returns an unused address.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
