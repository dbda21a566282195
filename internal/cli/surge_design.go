package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/levee-io/levee"
	"github.com/levee-io/levee/internal/surge"
)

// consumeOnce is surge.Config.Consume by levee.Client. It logs nothing: whoever is killed on purpose would fill the screen.
func consumeOnce(ctx context.Context, service aws.Config, queueURL string, visibility time.Duration, h surge.Handle) error {
	client := levee.NewClient(service)
	client.Logger = slog.New(slog.DiscardHandler)
	return client.ConsumeBatch(ctx, queueURL, func(ctx context.Context, tx *levee.Tx, batch []types.Message) error {
		items, err := h(ctx, batch)
		for _, it := range items {
			switch {
			case it.Put != nil:
				tx.Put(*it.Put)
			case it.Update != nil:
				tx.Update(*it.Update)
			}
		}
		return err
	}, func(o *levee.ConsumeOptions) { o.VisibilityTimeout = visibility })
}

// surgeFunction is the function of an embedded engine that stores messages. It is there from the start, since a
// mapping of an interrupted run hands it messages at once; until the run goes on, they come back.
type surgeFunction struct {
	engine *levee.Server
	store  atomic.Pointer[func(context.Context, []byte) ([]byte, error)]
}

const surgeFunctionName = "surge-store"

func newSurgeFunction(engine *levee.Server) *surgeFunction {
	f := &surgeFunction{engine: engine}
	engine.Function(surgeFunctionName, func(ctx context.Context, event []byte) ([]byte, error) {
		store := f.store.Load()
		if store == nil {
			return nil, errors.New("the run does not go on yet")
		}
		return (*store)(ctx, event)
	})
	return f
}

// connect is surge.Config.Function. A queue has one mapping, which a killed process leaves behind.
func (f *surgeFunction) connect(ctx context.Context, queueARN string, most int, store func(context.Context, []byte) ([]byte, error)) (stop func() error, err error) {
	if err := f.disconnect(ctx); err != nil {
		return nil, err
	}
	f.store.Store(&store)
	err = f.call(ctx, http.MethodPost, "", map[string]any{
		"FunctionName": surgeFunctionName, "EventSourceArn": queueARN, "BatchSize": 10,
		"FunctionResponseTypes": []string{"ReportBatchItemFailures"},
		"ScalingConfig":         map[string]int{"MaximumConcurrency": max(most, leastConcurrency)},
	}, nil)
	return func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), disconnectTimeout)
		defer cancel()
		return f.disconnect(ctx)
	}, err
}

const (
	leastConcurrency  = 2 // the service's least MaximumConcurrency
	disconnectTimeout = 10 * time.Second
)

// disconnect deletes the mappings of the function.
func (f *surgeFunction) disconnect(ctx context.Context) error {
	var list struct{ EventSourceMappings []struct{ UUID string } }
	if err := f.call(ctx, http.MethodGet, "?FunctionName="+surgeFunctionName, nil, &list); err != nil {
		return err
	}
	for _, m := range list.EventSourceMappings {
		if err := f.call(ctx, http.MethodDelete, m.UUID, nil, nil); err != nil {
			return err
		}
	}
	return nil
}

// call makes a request about mappings. There is no client of the Lambda API here, and two requests do not need one.
func (f *surgeFunction) call(ctx context.Context, method, rest string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	if in == nil {
		body = nil
	}
	cfg := f.engine.AWSConfig()
	r, err := http.NewRequestWithContext(ctx, method, *cfg.BaseEndpoint+"/2015-03-31/event-source-mappings/"+rest, bytes.NewReader(body))
	if err != nil {
		return err
	}
	who, err := cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(ctx, who, r, hex.EncodeToString(sum[:]), "lambda", cfg.Region, time.Now()); err != nil {
		return err
	}
	resp, err := cfg.HTTPClient.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("event source mappings: %s: %s", resp.Status, answer)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(answer, out)
}
