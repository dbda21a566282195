package dynamodbapi

import (
	"fmt"
	"hash/fnv"
	"strings"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/jsontok"
)

// tableName is the pattern of the name of a table, which may be three to 255 long.
var tableName = api.NewPattern(`[a-zA-Z0-9_.-]+`)

// BadGetName is what the service says of a BatchGetItem with a name that no table
// can have, "" if all can. It shows the request as it was sent.
func BadGetName(tables api.Map[KeysAndAttributes]) string {
	if !anyBadName(tables) {
		return ""
	}
	text := []byte{'{'}
	for i := range tables {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(jsontok.AppendString(text, tables[i].Key), ':')
		text = tables[i].Value.AppendJSON(text)
	}
	return badName(string(append(text, '}')))
}

// BadWriteName is BadGetName of a BatchWriteItem. It shows the request as most
// regions do: the values of attributes by what tells objects apart in memory.
func BadWriteName(tables api.Map[[]WriteRequest]) string {
	if !anyBadName(tables) {
		return ""
	}
	list := make([]string, len(tables))
	for i := range tables {
		requests := make([]string, len(tables[i].Value))
		for j := range requests {
			requests[j] = shownRequest(&tables[i].Value[j])
		}
		list[i] = tables[i].Key + "=[" + strings.Join(requests, ", ") + "]"
	}
	return badName("{" + strings.Join(list, ", ") + "}")
}

func anyBadName[T any](tables api.Map[T]) bool {
	for i := range tables {
		name := tables[i].Key
		if !strings.HasPrefix(name, "arn:") && (len(name) < 3 || len(name) > 255 || !tableName.Matches(name)) {
			return true
		}
	}
	return false
}

func badName(shown string) string {
	return "Value '" + shown + "' at 'requestItems' failed to satisfy constraint: Map keys must satisfy constraint: " +
		"[Member must have length less than or equal to 255, Member must have length greater than or equal to 3, Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+]"
}

func shownRequest(r *WriteRequest) string {
	put, del := "null", "null"
	if r.PutRequest != nil {
		put = "PutRequest(item=" + shownAttrs(r.PutRequest.Item) + ", workloadProfileName=null)"
	}
	if r.DeleteRequest != nil {
		del = "DeleteRequest(key=" + shownAttrs(r.DeleteRequest.Key) + ", workloadProfileName=null)"
	}
	return "WriteRequest(putRequest=" + put + ", deleteRequest=" + del + ")"
}

func shownAttrs(m attr.Map) string {
	list := make([]string, len(m))
	for i := range m {
		h := fnv.New32a()
		h.Write(attr.AppendMap(nil, m[i:i+1]))
		list[i] = fmt.Sprintf("%s=com.amazonaws.dynamodb.v20120810.AttributeValue@%x", m[i].Name, h.Sum32())
	}
	return "{" + strings.Join(list, ", ") + "}"
}
