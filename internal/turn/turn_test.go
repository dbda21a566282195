package turn_test

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"github.com/levee-io/levee/internal/turn"
)

func TestOneProcessorIsLeft(t *testing.T) {
	most := max(1, runtime.GOMAXPROCS(0)-1)
	for range most {
		if err := turn.Take(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if err := turn.Take(ended); !errors.Is(err, context.Canceled) {
		t.Fatalf("a turn that nobody gave was taken: %v", err)
	}
	turn.Give()
	if err := turn.Take(ended); err != nil {
		t.Fatalf("a turn that is free was not taken: %v", err)
	}
	for range most {
		turn.Give()
	}
}
