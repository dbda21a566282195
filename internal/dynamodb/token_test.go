package dynamodb

import (
	"errors"
	"testing"

	"github.com/levee-io/levee/internal/api"
)

// Clients write maps in whatever order they like, and in another one when they
// repeat a request.
func TestRepeatMayNameItsParametersInAnotherOrder(t *testing.T) {
	h := bank(t, 1)
	request := func(names string) string {
		return `{"ClientRequestToken":"x","TransactItems":[{"Update":{"TableName":"bank","Key":{"pk":{"S":"a0"}},"UpdateExpression":"SET #a = :1, #b = :2",
			"ExpressionAttributeNames":{` + names + `},"ExpressionAttributeValues":{":1":{"N":"1"},":2":{"SS":["x","y"]}}}}]}`
	}
	h.mustDo("TransactWriteItems", request(`"#a":"c","#b":"d"`))
	h.mustDo("TransactWriteItems", request(`"#b":"d","#a":"c"`))
	_, err := h.do("TransactWriteItems", request(`"#b":"c","#a":"d"`))
	var e *api.Error
	if !errors.As(err, &e) || e.Code != "IdempotentParameterMismatchException" {
		t.Errorf("other names under the token: %v", err)
	}
}
