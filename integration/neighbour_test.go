package integration

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/pipes"
	"github.com/aws/aws-sdk-go-v2/service/pipes/types"
)

// neighbour is a process of another's server, to which a pipe of the server under test
// leads.
type neighbour struct {
	name string
	log  tail
	gone chan struct{}
}

// installed returns the path of what integration/run has installed into out; without
// it the test is skipped, and in CI it fails.
func installed(t testing.TB, path string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("it takes long to start the server that it needs")
	}
	full, err := filepath.Abs(filepath.Join("out", path))
	if err == nil {
		_, err = os.Stat(full)
	}
	if err != nil {
		missing(t, "integration/run installs what this needs: "+path)
		t.SkipNow()
	}
	return full
}

// freePort returns a port that was free a moment ago.
func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// startNeighbour runs a server until the test ends, and waits until it is ready.
func startNeighbour(t testing.TB, ready func(ctx context.Context, n *neighbour) bool, name string, args ...string) *neighbour {
	t.Helper()
	n := &neighbour{name: name, gone: make(chan struct{})}
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = t.TempDir(), &n.log, &n.log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = cmd.Wait() // it is killed in the end
		close(n.gone)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-n.gone
		if t.Failed() {
			t.Logf("log of %s:\n%s", name, n.log.String())
		}
	})
	for start := time.Now(); time.Since(start) < 2*time.Minute; time.Sleep(50 * time.Millisecond) {
		ask, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		ok := ready(ask, n)
		cancel()
		if ok {
			return n
		}
		select {
		case <-n.gone:
			t.Fatalf("%s has ended", name)
		default:
		}
	}
	t.Fatalf("%s does not answer", name)
	return nil
}

// java is the arguments of a JVM that starts soon and stays small.
func java(jars string, args ...string) []string {
	return append([]string{"-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", filepath.Join(jars, "*")}, args...)
}

// startWithSinks starts a server with sinks.
func startWithSinks(t *testing.T, sinks string, args ...any) *client {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "sinks.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, sinks, args...), 0o600); err != nil {
		t.Fatal(err)
	}
	return newClient(startServer(t, "--data", filepath.Join(dir, "data"), "--sinks", file), newAccount(), "eu-west-1")
}

// pipe makes a pipe from a queue, or a stream from its beginning, to a sink.
func (c *client) pipe(t testing.TB, name, source, sink, template string) {
	t.Helper()
	in := &pipes.CreatePipeInput{
		Name: &name, RoleArn: pipeRole, Source: &source, Target: aws.String("arn:aws:levee:::sink/" + sink),
		SourceParameters: &types.PipeSourceParameters{DynamoDBStreamParameters: &types.PipeSourceDynamoDBStreamParameters{StartingPosition: types.DynamoDBStreamStartPositionTrimHorizon}},
	}
	if source[:12] == "arn:aws:sqs:" {
		in.SourceParameters = nil
	}
	if template != "" {
		in.TargetParameters = &types.PipeTargetParameters{InputTemplate: &template}
	}
	try(c.pipes.CreatePipe(ctx(t), in)).must(t)
}
