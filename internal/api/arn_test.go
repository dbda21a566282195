package api_test

import (
	"testing"

	"github.com/levee-io/levee/internal/api"
)

func TestParseARN(t *testing.T) {
	const text = "arn:aws:dynamodb:eu-west-1:111122223333:table/orders/stream/2026-01-02T03:04:05.678"
	want := api.ARN{
		Partition: "aws", Service: "dynamodb", Namespace: api.Namespace{Region: "eu-west-1", Account: "111122223333"},
		Resource: "table/orders/stream/2026-01-02T03:04:05.678",
	}
	if got, ok := api.ParseARN(text); !ok || got != want {
		t.Errorf("got %+v, %v", got, ok)
	}
	if got := want.String(); got != text {
		t.Errorf("put together it is %s", got)
	}
	for _, text := range []string{"", "arn", "orders", "arn:aws:sqs:eu-west-1:111122223333", "ran:aws:sqs:eu-west-1:111122223333:q"} {
		if got, ok := api.ParseARN(text); ok || got != (api.ARN{}) {
			t.Errorf("%q: got %+v, %v", text, got, ok)
		}
	}
}
