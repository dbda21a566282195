package sandbox

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/levee-io/levee/internal/lambda"
)

// memoryInterval is how often the memory of a process is looked at.
const memoryInterval = 200 * time.Millisecond

// process is an environment of KindRuntime: a process that speaks the Runtime API.
type process struct {
	spec  *lambda.Spec
	cmd   *exec.Cmd
	out   *output
	api   *runtimeAPI
	ended chan struct{} // closed when the process was waited for

	mu     sync.Mutex
	reason string // why it was killed; guarded by mu
}

// startProcess starts a process and returns when it asks for its first event.
func (s *Sandbox) startProcess(ctx context.Context, spec *lambda.Spec) (lambda.Environment, error) {
	args, err := commandLine(spec)
	if err != nil {
		return nil, err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &process{spec: spec, ended: make(chan struct{})}
	if p.out, err = newOutput(spec.Log); err != nil {
		ln.Close()
		return nil, err
	}
	p.api = serveRuntime(ln)
	p.cmd = exec.Command(args[0], args[1:]...)
	p.cmd.Dir = spec.Dir
	p.cmd.Env = s.environ(spec, "AWS_LAMBDA_RUNTIME_API="+ln.Addr().String())
	p.cmd.Stdout, p.cmd.Stderr = p.out.write, p.out.write
	leadGroup(p.cmd)
	if err := p.cmd.Start(); err != nil {
		p.out.close()
		p.api.close()
		return nil, lambda.Break("Runtime.InvalidEntrypoint", "RequestId: Error: fork/exec %s: %v", args[0], err)
	}
	go p.wait()
	go p.watchMemory()
	return p.ready(ctx)
}

// ready waits until the process asks for its first event.
func (p *process) ready(ctx context.Context) (lambda.Environment, error) {
	var err error
	select {
	case <-p.api.asked:
		return p, nil
	case failure := <-p.api.initError:
		err = failure
	case <-p.ended:
		err = lambda.Exited("", p.why())
	case <-ctx.Done():
		err = ctx.Err()
	}
	p.Close()
	return nil, err
}

// commandLine returns what to start.
func commandLine(spec *lambda.Spec) ([]string, error) {
	switch {
	case spec.Command != nil:
		return spec.Command, nil
	case isNode(spec.Runtime):
		return nodeCommand()
	}
	path := filepath.Join(spec.Dir, "bootstrap")
	if _, err := os.Stat(path); err != nil {
		return nil, lambda.Break("Runtime.InvalidEntrypoint",
			"RequestId: Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]")
	}
	return []string{path}, nil
}

// wait waits for the end of the process, and ends what it left behind.
func (p *process) wait() {
	err := p.cmd.Wait()
	killGroup(p.cmd)
	p.mu.Lock()
	if p.reason == "" {
		p.reason = exitReason(err)
	}
	p.mu.Unlock()
	close(p.ended)
	p.api.close()
}

// exitReason says how a process ended, in the words of the service.
func exitReason(err error) string {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return "Runtime exited with error: " + exit.Error()
	}
	return "Runtime exited without providing a reason"
}

func (p *process) why() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.reason
}

// watchMemory kills the process when it holds more memory than the function has.
func (p *process) watchMemory() {
	t := time.NewTicker(memoryInterval)
	defer t.Stop()
	for {
		select {
		case <-p.ended:
			return
		case <-t.C:
			if residentMemory(p.cmd.Process.Pid) > p.spec.Memory<<20 {
				p.kill("Runtime exited with error: signal: killed")
				return
			}
		}
	}
}

// kill kills the process group for a reason, unless there is one already.
func (p *process) kill(reason string) {
	p.mu.Lock()
	if p.reason == "" {
		p.reason = reason
	}
	p.mu.Unlock()
	killGroup(p.cmd)
}

// Invoke implements lambda.Environment.
func (p *process) Invoke(ctx context.Context, in *lambda.Invocation) ([]byte, error) {
	call := &call{Invocation: in, answer: make(chan answer, 1)}
	select {
	case p.api.calls <- call:
	case <-p.ended:
		return nil, lambda.ErrGone
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case a := <-call.answer:
		return a.payload, a.err
	case <-p.ended:
		select {
		case a := <-call.answer: // it answered, and ended at once
			return a.payload, a.err
		default:
		}
		return nil, lambda.Exited(in.RequestID, p.why())
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Settle implements lambda.Environment.
func (p *process) Settle() { p.out.settle() }

// Close implements lambda.Environment.
func (p *process) Close() {
	p.kill("closed")
	<-p.ended
	p.out.close()
}
