package integration

import (
	"encoding/json"
	"fmt"
	"strconv"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Short names, for tables of items.
type (
	item = map[string]types.AttributeValue
	val  = types.AttributeValue
)

func str(s string) val       { return &types.AttributeValueMemberS{Value: s} }
func num(n int) val          { return &types.AttributeValueMemberN{Value: strconv.Itoa(n)} }
func dec(n string) val       { return &types.AttributeValueMemberN{Value: n} }
func bin(b string) val       { return &types.AttributeValueMemberB{Value: []byte(b)} }
func boolean(b bool) val     { return &types.AttributeValueMemberBOOL{Value: b} }
func null() val              { return &types.AttributeValueMemberNULL{Value: true} }
func list(v ...val) val      { return &types.AttributeValueMemberL{Value: append([]val{}, v...)} }
func object(m item) val      { return &types.AttributeValueMemberM{Value: m} }
func strs(s ...string) val   { return &types.AttributeValueMemberSS{Value: s} }
func nums(s ...string) val   { return &types.AttributeValueMemberNS{Value: s} }
func bins(b ...[]byte) val   { return &types.AttributeValueMemberBS{Value: b} }
func key(pk, sk string) item { return item{"pk": str(pk), "sk": str(sk)} }

// numOf is the integer in a number, -1 if there is none.
func numOf(v val) int {
	n, ok := v.(*types.AttributeValueMemberN)
	if !ok {
		return -1
	}
	i, err := strconv.Atoi(n.Value)
	if err != nil {
		return -1
	}
	return i
}

func strOf(v val) string {
	s, ok := v.(*types.AttributeValueMemberS)
	if !ok {
		return ""
	}
	return s.Value
}

// names are the values of one attribute, in the order of the items.
func names(items []item, attr string) []string {
	out := []string{}
	for _, i := range items {
		out = append(out, strOf(i[attr]))
	}
	return out
}

func show(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprintf("%#v", v)
	}
	return string(b)
}

// put stores items.
func (c *client) put(t testing.TB, table string, items ...item) {
	t.Helper()
	for _, i := range items {
		if _, err := c.db.PutItem(ctx(t), &dynamodb.PutItemInput{TableName: &table, Item: i}); err != nil {
			t.Fatal(err)
		}
	}
}

// get reads an item consistently; nil if there is none.
func (c *client) get(t testing.TB, table string, k item) item {
	t.Helper()
	out, err := c.db.GetItem(ctx(t), &dynamodb.GetItemInput{TableName: &table, Key: k, ConsistentRead: aws.Bool(true)})
	if err != nil {
		t.Fatal(err)
	}
	return out.Item
}

// wantItem checks what is stored; nil for nothing.
func (c *client) wantItem(t testing.TB, table string, k, stored item) {
	t.Helper()
	if got := c.get(t, table, k); len(got)+len(stored) > 0 {
		want(t, "stored item", got, stored)
	}
}

// with returns a copy of an item with more attributes.
func with(i item, more item) item {
	out := item{}
	for k, v := range i {
		out[k] = v
	}
	for k, v := range more {
		out[k] = v
	}
	return out
}
