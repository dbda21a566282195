package turn_test

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"github.com/levee-io/levee/internal/processors"
	"github.com/levee-io/levee/internal/turn"
)

func TestOneProcessorIsLeft(t *testing.T) {
	taken := make([]*turn.Turn, max(1, min(processors.CPUs(), runtime.GOMAXPROCS(0)-1)))
	for i := range taken {
		var err error
		if taken[i], err = turn.Take(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := turn.Take(ended); !errors.Is(err, context.Canceled) {
		t.Fatalf("a turn that nobody gave was taken: %v", err)
	}
	taken[0].Give()
	again, err := turn.Take(ended)
	if err != nil || again != taken[0] {
		t.Fatalf("a turn that is free was not taken: %v", err)
	}
	for _, one := range taken {
		one.Give()
	}
}
