package pipeline

import (
	"bytes"
	"errors"
	"testing"

	"github.com/levee-io/levee/internal/pipeline/template"
)

// What the templates of a pipe make of a batch is bounded together, too.
func TestFilledBatchIsBounded(t *testing.T) {
	large := bytes.Repeat([]byte("x"), template.MaxOutput)
	inputs := make([]*input, maxFilled/len(large))
	for i := range inputs {
		inputs[i] = &input{event: template.NewEvent(large, "")}
	}
	p := new(pipeEnd)
	if err := p.fill(nil, inputs); err != nil {
		t.Errorf("%d MiB: %v", len(inputs)*len(large)>>20, err)
	}
	inputs = append(inputs, inputs[0])
	if err := p.fill(nil, inputs); !errors.Is(err, template.ErrTooLarge) {
		t.Errorf("%d MiB: %v", len(inputs)*len(large)>>20, err)
	}
}
