package about_test

import (
	"testing"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/about"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/api/sqsapi"
)

func TestOf(t *testing.T) {
	ns := api.Namespace{Account: "000000000000", Region: "us-east-1"}
	orders := about.Resource{Kind: about.Table, Namespace: ns, Name: "orders"}
	name := func(s string) api.Opt[string] { return api.Opt[string]{V: s, OK: true} }
	for _, c := range []struct {
		in   api.Input
		want about.Resource
		ok   bool
	}{
		{&ddb.PutItemInput{TableName: name("orders")}, orders, true},
		{&ddb.GetItemInput{TableName: name("arn:aws:dynamodb:us-east-1:000000000000:table/orders")}, orders, true},
		{&ddb.BatchWriteItemInput{RequestItems: api.Map[[]ddb.WriteRequest]{{Key: "orders"}, {Key: "others"}}}, orders, true},
		{&ddb.TransactWriteItemsInput{TransactItems: []ddb.TransactWriteItem{{Delete: &ddb.Delete{TableName: name("orders")}}}}, orders, true},
		{&ddb.TransactWriteItemsInput{TransactItems: []ddb.TransactWriteItem{{}}}, about.Resource{Kind: about.Table, Namespace: ns}, false},
		{&ddb.BatchWriteItemInput{}, about.Resource{Kind: about.Table, Namespace: ns}, false},
		{&sqsapi.SendMessageRequest{QueueUrl: name("http://localhost:8000/000000000000/orders")}, about.Resource{Kind: about.Queue, Namespace: ns, Name: "orders"}, true},
		{&ddb.ListTablesInput{}, about.Resource{}, false},
	} {
		if got, ok := about.Of(ns, c.in); got != c.want || ok != c.ok {
			t.Errorf("%T is about %v, %t; want %v, %t", c.in, got, ok, c.want, c.ok)
		}
	}
}
