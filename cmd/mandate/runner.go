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

// maxAnswer bounds what a runner may write, of which only one outcome is read.
const maxAnswer = 4 << 20

// fields splits a command line at spaces. There is no quoting: a command with
// spaces in it goes into a script.
func fields(command string) []string { return strings.Fields(command) }

// ask puts one case to the command of --exec.
func (run conformance) ask(c testvectors.Case) testvectors.Result {
	ctx, cancel := context.WithTimeout(context.Background(), run.timeout)
	defer cancel()
	args := fields(run.exec)
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.WaitDelay = time.Second // for children that keep its output open
	cmd.Stdin = bytes.NewReader(append(c.Question(), '\n'))
	stdout, stderr := &bounded{most: maxAnswer}, &bounded{most: 1 << 10, cut: true}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	err := cmd.Run()
	r := testvectors.Compare(c, stdout.buf.Bytes())
	switch {
	case ctx.Err() != nil:
		r.Passed, r.Detail = false, fmt.Sprintf("no answer within %s", run.timeout)
	case stdout.over: // the command's own end, often a broken pipe, follows from it
		r.Passed, r.Detail = false, fmt.Sprintf("the answer is too long: the limit is %d bytes", maxAnswer)
	case err != nil:
		r.Passed, r.Detail = false, fmt.Sprintf("the command: %v: %s", err, stderr.buf.String())
	case r.Detail == "" && !r.Passed:
		r.Detail = "the command answers something else"
	}
	return r
}

// bounded keeps the first bytes that are written to it; more are an error, or
// with cut are dropped.
type bounded struct {
	buf  bytes.Buffer // not embedded: its ReadFrom knows no bound
	most int
	cut  bool
	over bool // more was written
}

func (b *bounded) Write(p []byte) (int, error) {
	room := b.most - b.buf.Len()
	if len(p) <= room {
		return b.buf.Write(p)
	}
	b.buf.Write(p[:room])
	b.over = true
	if b.cut {
		return len(p), nil
	}
	return room, errors.New("the answer is too long")
}
