package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/mandate-engine/mandate/testvectors"
)

// maxAnswer bounds the output of a runner, which is one outcome, in bytes.
const maxAnswer = 4 << 20

// fields splits a command line at spaces. There is no quoting: put a command
// with spaces in its arguments into a script.
func fields(command string) []string { return strings.Fields(command) }

// ask runs one case with the command of --exec.
func (run conformance) ask(c testvectors.Case) testvectors.Result {
	ctx, cancel := context.WithTimeout(context.Background(), run.timeout)
	defer cancel()
	args := fields(run.exec)
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.WaitDelay = time.Second // for children that keep its output open
	cmd.Stdin = bytes.NewReader(append(c.Question(), '\n'))
	stdout, stderr := &bounded{limit: maxAnswer}, &bounded{limit: 1 << 10, cut: true}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	err := cmd.Run()
	r := testvectors.Compare(c, stdout.buf.Bytes())
	switch {
	case ctx.Err() != nil:
		r.Passed, r.Detail = false, fmt.Sprintf("no answer within %s", run.timeout)
	case stdout.over: // the command's own error, often a broken pipe, is a consequence
		r.Passed, r.Detail = false, fmt.Sprintf("the answer is too long: the limit is %d bytes", maxAnswer)
	case err != nil:
		r.Passed, r.Detail = false, fmt.Sprintf("the command: %v: %s", err, stderr.buf.String())
	case r.Detail == "" && !r.Passed:
		r.Detail = "the command answers something else"
	}
	return r
}

// bounded keeps the first bytes written to it. Further bytes are an error, or
// are dropped if cut is set.
type bounded struct {
	buf   bytes.Buffer // not embedded: its ReadFrom has no bound
	limit int
	cut   bool
	over  bool // more bytes were written
}

func (b *bounded) Write(p []byte) (int, error) {
	left := b.limit - b.buf.Len()
	if len(p) <= left {
		return b.buf.Write(p)
	}
	b.buf.Write(p[:left])
	b.over = true
	if b.cut {
		return len(p), nil
	}
	return left, errors.New("the answer is too long")
}
