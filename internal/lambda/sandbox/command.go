package sandbox

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"time"

	"github.com/levee-io/levee/internal/lambda"
)

// command is an environment of KindExec: a command that is started for each event.
// Nothing runs in between.
type command struct {
	sandbox *Sandbox
	spec    *lambda.Spec
}

// Invoke implements lambda.Environment.
func (c *command) Invoke(ctx context.Context, in *lambda.Invocation) ([]byte, error) {
	cmd := exec.CommandContext(ctx, c.spec.Command[0], c.spec.Command[1:]...)
	cmd.Dir = c.spec.Dir
	cmd.Env = c.sandbox.environ(c.spec, "LAMBDA_REQUEST_ID="+in.RequestID)
	cmd.Stdin = bytes.NewReader(in.Payload)
	result := &bounded{most: lambda.MaxResult}
	cmd.Stdout, cmd.Stderr = result, c.spec.Log
	cmd.Cancel = func() error { killGroup(cmd); return nil }
	cmd.WaitDelay = time.Second // for what left the group and holds the pipes
	leadGroup(cmd)
	err := cmd.Start()
	if err == nil {
		err = c.wait(cmd)
	}
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.As(err, &exit):
		return nil, lambda.Exited(in.RequestID, exitReason(err))
	case err != nil && !errors.Is(err, exec.ErrWaitDelay):
		return nil, lambda.Break("Runtime.InvalidEntrypoint", "RequestId: %s Error: %v", in.RequestID, err)
	case result.over:
		return nil, lambda.TooLarge()
	}
	return bytes.TrimSpace(result.buf), nil
}

// wait waits for the command, and kills it if it takes too much memory.
func (c *command) wait(cmd *exec.Cmd) error {
	done := make(chan struct{})
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		t := time.NewTicker(memoryInterval)
		defer t.Stop()
		for {
			select {
			case <-done:
				return
			case <-t.C:
				if residentMemory(cmd.Process.Pid) > c.spec.Memory<<20 {
					killGroup(cmd)
				}
			}
		}
	}()
	err := cmd.Wait()
	close(done)
	<-watched
	killGroup(cmd) // what it left behind
	return err
}

// Settle implements lambda.Environment: what a command printed is there when it
// has ended.
func (*command) Settle() {}

// Close implements lambda.Environment.
func (*command) Close() {}

// bounded keeps the beginning of what is written, and takes the rest for nothing.
type bounded struct {
	buf  []byte
	most int
	over bool
}

// Write implements io.Writer.
func (b *bounded) Write(p []byte) (int, error) {
	n := min(len(p), b.most-len(b.buf))
	b.buf = append(b.buf, p[:n]...)
	b.over = b.over || n < len(p)
	return len(p), nil
}
