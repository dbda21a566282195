package surge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Config says what to play, where, and how hard. Start from DefaultConfig.
type Config struct {
	// Endpoint is the URL of the service, or "aws" for the cloud. Region and credentials come from the usual
	// environment.
	Endpoint string
	// Embedded says that Endpoint is an engine of this process: the environment does not matter to it.
	Embedded bool

	// Design is the way of the messages to the tables; empty is FIFO.
	Design Design
	// Function hands the messages of a queue, by its ARN, to a func, as events of the Lambda API in at most so many
	// invocations at a time, until the func it returns is called. Lambda needs it.
	Function func(ctx context.Context, queueARN string, most int, f func(context.Context, []byte) ([]byte, error)) (stop func() error, err error)
	// Consume works on the messages of a queue, those of a receive together, until ctx ends: what the Handle returns is written, and
	// the message removed, in one transaction. Another one may go on with a message after the visibility
	// timeout. ExactlyOnce needs it. Requests must be made with contexts that come from ctx.
	Consume func(ctx context.Context, service aws.Config, queueURL string, visibility time.Duration, h Handle) error

	Messages  int // one-off messages of all companies together
	Companies int // companies that send at the same moment
	Segment   int // chats in the segment of each company
	BaseRate  int // messages per second of everyday chat, before and during the surge
	Rate      int // limit of one-off messages (or events of Input) per second; 0 is no limit
	Consumers int
	Seed      uint64

	// Input is a file of events to play instead of generated messages; see examples/surge.
	Input string

	// Trouble is the share, 0 to 0.5, of operations that are made to go wrong.
	Trouble float64

	// Calm is how long the base traffic runs alone before the surge.
	Calm time.Duration
	// Visibility is the queue's visibility timeout, in whole seconds: how long a chat stays closed when its
	// consumer dies.
	Visibility time.Duration
	// Patience is how long to wait without any progress before the audit is held on what there is.
	Patience time.Duration

	// Progress receives the live display; nil shows nothing. Terminal redraws it in place, Width columns wide.
	Progress io.Writer
	Terminal bool
	Width    int

	// Watch, unless nil, is told how far the run is instead of Progress: twice a second, and at the end, by one
	// goroutine, which it must not keep.
	Watch func(Snapshot)
	// Anew begins a new run even if the last one is unfinished and had other settings. What is left of that is removed.
	Anew bool
}

// DefaultConfig is the run of `levee surge` with no flag, but for its endpoint.
func DefaultConfig() Config {
	return Config{
		Messages:   200_000,
		Companies:  30,
		Segment:    250,
		BaseRate:   300,
		Consumers:  16,
		Seed:       1,
		Trouble:    0.02,
		Calm:       2 * time.Second,
		Visibility: 4 * time.Second,
		Patience:   30 * time.Second,
		Width:      80,
	}
}

// Validate reports the first setting that is out of its range.
func (c Config) Validate() error {
	if c.Endpoint == "" {
		return errors.New("no endpoint")
	}
	for _, r := range []struct {
		name            string
		value, min, max int
	}{
		{"messages", c.Messages, 1, 50_000_000},
		{"companies", c.Companies, 1, 1_000},
		{"segment", c.Segment, 1, 100_000},
		{"base-rate", c.BaseRate, 0, 100_000},
		{"rate", c.Rate, 0, 1_000_000},
		{"consumers", c.Consumers, 1, 1_000},
	} {
		if r.value < r.min || r.value > r.max {
			return fmt.Errorf("%s is %d, must be between %d and %d", r.name, r.value, r.min, r.max)
		}
	}
	if err := c.validateDesign(); err != nil {
		return err
	}
	if !(c.Trouble >= 0 && c.Trouble <= 0.5) {
		return fmt.Errorf("trouble is %v, must be between 0 and 0.5", c.Trouble)
	}
	if c.Visibility < time.Second || c.Visibility > 12*time.Hour {
		return fmt.Errorf("visibility is %v, must be between 1s and 12h", c.Visibility)
	}
	return nil
}

func (c Config) validateDesign() error {
	switch {
	case c.Design == Lambda && c.Function == nil:
		return errors.New("design lambda needs an endpoint whose functions are funcs of this process")
	case c.Design == ExactlyOnce && c.Consume == nil:
		return errors.New("design exactly-once needs a client that consumes exactly once")
	}
	return c.Design.validate()
}
