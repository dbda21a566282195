package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

func tableWorkloads() []workload {
	return []workload{
		{name: "PutItem", setup: emptyTable("put"), step: one(func(k *worker) error {
			return k.do(ddb+"PutItem", fmt.Sprintf(`{"TableName":"put","Item":{"pk":{"S":"%d-%d"},"n":{"N":"%d"},"data":{"S":"%s"}}}`, k.id, rand.Uint64(), k.n, payload))
		})},
		{name: "GetItem", setup: filledTable("get"), step: one(func(k *worker) error {
			return k.do(ddb+"GetItem", fmt.Sprintf(`{"TableName":"get","Key":{"pk":{"S":"k%d"}}}`, rand.IntN(keys)))
		})},
		{name: "UpdateItem with condition", setup: filledTable("conditional"), step: one(func(k *worker) error {
			return k.do(ddb+"UpdateItem", fmt.Sprintf(`{"TableName":"conditional","Key":{"pk":{"S":"k%d"}},"UpdateExpression":"SET n = :n","ConditionExpression":"attribute_exists(pk) AND n >= :zero",`+
				`"ExpressionAttributeValues":{":n":{"N":"%d"},":zero":{"N":"0"}}}`, rand.IntN(keys), k.n))
		})},
		{name: "UpdateItem ADD", setup: filledTable("add"), step: one(func(k *worker) error {
			return k.do(ddb+"UpdateItem", addOne("add", rand.IntN(keys)))
		})},
		{name: "UpdateItem ADD one key", setup: filledTable("hot"), step: one(func(k *worker) error {
			return k.do(ddb+"UpdateItem", addOne("hot", 1))
		})},
		{name: "PutItem counted", setup: countedTable("counted"), step: one(func(k *worker) error {
			return k.do(ddb+"PutItem", fmt.Sprintf(`{"TableName":"counted","Item":{"pk":{"S":"%d-%d"},"n":{"N":"%d"},"data":{"S":"%s"}}}`, k.id, rand.Uint64(), k.n, payload))
		})},
		{name: "BatchWriteItem of 25 counted", setup: countedTable("counted-batch"), step: one(func(k *worker) error {
			first := rand.Uint64()
			return k.client.call(ddb+"BatchWriteItem", puts("counted-batch", func(i int) string {
				return fmt.Sprintf(`"pk":{"S":"%d-%d"},"n":{"N":"1"}`, first, i)
			}), k.resp)
		})},
		{name: "TransactWriteItems of 2", setup: filledTable("transact"), step: one(transact)},
		{name: "Query of 10", setup: sortedTable("query"), step: one(func(k *worker) error {
			return k.do(ddb+"Query", fmt.Sprintf(`{"TableName":"query","KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"p%d"}},"Limit":10}`, rand.IntN(keys/10)))
		})},
		{name: "BatchWriteItem of 25", setup: emptyTable("batch"), step: one(func(k *worker) error {
			first := rand.Uint64()
			return k.client.call(ddb+"BatchWriteItem", puts("batch", func(i int) string {
				return fmt.Sprintf(`"pk":{"S":"%d-%d"}`, first, i)
			}), k.resp)
		})},
	}
}

const add = `"TableName":"%s","Key":{"pk":{"S":"k%d"}},"UpdateExpression":"ADD n :one","ExpressionAttributeValues":{":one":{"N":"1"}}`

func addOne(table string, key int) string { return fmt.Sprintf("{"+add+"}", table, key) }

func transact(k *worker) error {
	a := rand.IntN(keys)
	b := (a + 1 + rand.IntN(keys-1)) % keys
	body := fmt.Sprintf(`{"ClientRequestToken":"%d-%d-%d","TransactItems":[{"Update":{`+add+`}},{"Update":{`+add+`}}]}`, k.id, k.n, rand.Int64(), "transact", a, "transact", b)
	for {
		err := k.do(ddb+"TransactWriteItems", body)
		// Two workers may want the same key, as in the service. They try again.
		if err == nil || !strings.Contains(err.Error(), "TransactionConflict") {
			return err
		}
	}
}

// puts is the body of a BatchWriteItem of 25 items.
func puts(table string, key func(i int) string) []byte {
	return fmt.Appendf(nil, `{"RequestItems":{"%s":[%s]}}`, table, list(25, func(i int) string {
		return fmt.Sprintf(`{"PutRequest":{"Item":{%s,"data":{"S":"%s"}}}}`, key(i), payload)
	}))
}

// createTable makes a table and waits until it is there. One of that name from
// a run before goes first.
func createTable(c *client, name, rangeKey string) error {
	_ = c.do(ddb+"DeleteTable", fmt.Sprintf(`{"TableName":"%s"}`, name))
	attrs, schema := `{"AttributeName":"pk","AttributeType":"S"}`, `{"AttributeName":"pk","KeyType":"HASH"}`
	if rangeKey != "" {
		attrs += fmt.Sprintf(`,{"AttributeName":"%s","AttributeType":"N"}`, rangeKey)
		schema += fmt.Sprintf(`,{"AttributeName":"%s","KeyType":"RANGE"}`, rangeKey)
	}
	create := fmt.Sprintf(`{"TableName":"%s","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[%s],"KeySchema":[%s]}`, name, attrs, schema)
	if err := c.do(ddb+"CreateTable", create); err != nil {
		return err
	}
	for range 1000 {
		answer, err := c.ask(ddb+"DescribeTable", fmt.Sprintf(`{"TableName":"%s"}`, name))
		if err != nil || strings.Contains(answer, `"ACTIVE"`) {
			return err
		}
		time.Sleep(10 * time.Millisecond)
	}
	return fmt.Errorf("table %s is not created", name)
}

func emptyTable(name string) func(*client) error {
	return func(c *client) error { return createTable(c, name, "") }
}

// countedTable is an empty table with a counter whose one item every write changes;
// only Levee has any.
func countedTable(name string) func(*client) error {
	return func(c *client) error {
		_ = c.do("Levee.DeleteCounter", fmt.Sprintf(`{"CounterName":"%s-total"}`, name)) // of another run, if there was one
		if err := createTable(c, name, ""); err != nil {
			return err
		}
		return c.do("Levee.CreateCounter", fmt.Sprintf(`{"CounterName":"%s-total","TableName":"%s","Sum":["n"]}`, name, name))
	}
}

func filledTable(name string) func(*client) error {
	return func(c *client) error {
		if err := createTable(c, name, ""); err != nil {
			return err
		}
		return fill(c, name, func(i int) string { return fmt.Sprintf(`"pk":{"S":"k%d"},"n":{"N":"0"}`, i) })
	}
}

func sortedTable(name string) func(*client) error {
	return func(c *client) error {
		if err := createTable(c, name, "sk"); err != nil {
			return err
		}
		return fill(c, name, func(i int) string { return fmt.Sprintf(`"pk":{"S":"p%d"},"sk":{"N":"%d"}`, i/10, i) })
	}
}

// fill puts the items in batches.
func fill(c *client, name string, key func(int) string) error {
	return parallel(16, keys/25, func(batch int) error {
		return c.do(ddb+"BatchWriteItem", string(puts(name, func(i int) string { return key(batch*25 + i) })))
	})
}
