package server

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/lambda"
)

// TestFunctionsStartDuringClose checks that an environment that is being started can
// learn the server's address while Close, which waits for it, is under way.
func TestFunctionsStartDuringClose(t *testing.T) {
	s, err := Open(Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	addr, err := s.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.mu.Lock() // as Close has it
	defer s.mu.Unlock()
	got := make(chan []string, 1)
	go func() {
		got <- s.environ(lambda.Name{Namespace: api.Namespace{Account: "000000000000", Region: "us-east-1"}, Function: "f"})
	}()
	select {
	case env := <-got:
		if !slices.ContainsFunc(env, func(v string) bool { return strings.HasSuffix(v, addr.String()) }) {
			t.Errorf("the address is not in %v", env)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("an environment waits for Close, which waits for it")
	}
}
