package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
)

// workload is one operation under load.
type workload struct {
	name  string
	setup func(*client) error
	// step sends one request, or one cycle of requests.
	step func(*worker) error
}

const (
	ddb = "DynamoDB_20120810."
	sqs = "AmazonSQS."
	// keys is the number of items that point operations choose from.
	keys = 10_000
)

// payload makes an item of about 256 bytes.
var payload = strings.Repeat("x", 200)

func workloads() []workload {
	return []workload{
		{"PutItem", emptyTable("put"), func(k *worker) error {
			return k.do(ddb+"PutItem", fmt.Sprintf(`{"TableName":"put","Item":{"pk":{"S":"%d-%d"},"n":{"N":"%d"},"data":{"S":"%s"}}}`, k.id, k.n, k.n, payload))
		}},
		{"GetItem", filledTable("get"), func(k *worker) error {
			return k.do(ddb+"GetItem", fmt.Sprintf(`{"TableName":"get","Key":{"pk":{"S":"k%d"}}}`, rand.IntN(keys)))
		}},
		{"UpdateItem ADD", filledTable("add"), func(k *worker) error {
			return k.do(ddb+"UpdateItem", fmt.Sprintf(`{"TableName":"add","Key":{"pk":{"S":"k%d"}},"UpdateExpression":"ADD n :one","ExpressionAttributeValues":{":one":{"N":"1"}}}`, rand.IntN(keys)))
		}},
		{"UpdateItem ADD one key", filledTable("hot"), func(k *worker) error {
			return k.do(ddb+"UpdateItem", `{"TableName":"hot","Key":{"pk":{"S":"k1"}},"UpdateExpression":"ADD n :one","ExpressionAttributeValues":{":one":{"N":"1"}}}`)
		}},
		{"TransactWriteItems of 2", filledTable("transact"), transact},
		{"Query of 10", sortedTable("query"), func(k *worker) error {
			return k.do(ddb+"Query", fmt.Sprintf(`{"TableName":"query","KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"p%d"}},"Limit":10}`, rand.IntN(keys/10)))
		}},
		{"BatchWriteItem of 25", emptyTable("batch"), batchWrite},
		{"SQS cycle standard", queue("standard", "{}"), cycle("standard", func(*worker) string { return "" })},
		{"SQS cycle FIFO", queue("fifo.fifo", `{"FifoQueue":"true","DeduplicationScope":"messageGroup","FifoThroughputLimit":"perMessageGroupId"}`),
			cycle("fifo.fifo", func(k *worker) string {
				return fmt.Sprintf(`,"MessageGroupId":"g%d","MessageDeduplicationId":"%d-%d-%d"`, rand.IntN(1000), k.id, k.n, rand.Int64())
			})},
	}
}

func (k *worker) do(target, body string) error { return k.client.call(target, []byte(body), k.resp) }

func transact(k *worker) error {
	a := rand.IntN(keys)
	b := (a + 1 + rand.IntN(keys-1)) % keys
	update := `{"Update":{"TableName":"transact","Key":{"pk":{"S":"k%d"}},"UpdateExpression":"ADD n :one","ExpressionAttributeValues":{":one":{"N":"1"}}}}`
	body := fmt.Sprintf(`{"ClientRequestToken":"%d-%d-%d","TransactItems":[`+update+`,`+update+`]}`, k.id, k.n, rand.Int64(), a, b)
	for {
		err := k.do(ddb+"TransactWriteItems", body)
		// Two workers may want the same key, as in the service. They try again.
		if err == nil || !strings.Contains(err.Error(), "TransactionConflict") {
			return err
		}
	}
}

func batchWrite(k *worker) error {
	var b strings.Builder
	b.WriteString(`{"RequestItems":{"batch":[`)
	for i := range 25 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"PutRequest":{"Item":{"pk":{"S":"%d-%d-%d"},"data":{"S":"%s"}}}}`, k.id, k.n, i, payload)
	}
	b.WriteString(`]}}`)
	return k.do(ddb+"BatchWriteItem", b.String())
}

// cycle sends a message, receives one and deletes it: three requests.
func cycle(name string, extra func(*worker) string) func(*worker) error {
	return func(k *worker) error {
		url := "http://queue/000000000000/" + name
		if err := k.do(sqs+"SendMessage", fmt.Sprintf(`{"QueueUrl":"%s","MessageBody":"%s"%s}`, url, payload, extra(k))); err != nil {
			return err
		}
		if err := k.do(sqs+"ReceiveMessage", fmt.Sprintf(`{"QueueUrl":"%s","VisibilityTimeout":600}`, url)); err != nil {
			return err
		}
		var received struct {
			Messages []struct{ ReceiptHandle string }
		}
		if err := json.Unmarshal(k.resp.Body(), &received); err != nil {
			return err
		}
		for _, m := range received.Messages {
			if err := k.do(sqs+"DeleteMessage", fmt.Sprintf(`{"QueueUrl":"%s","ReceiptHandle":"%s"}`, url, m.ReceiptHandle)); err != nil {
				return err
			}
		}
		return nil
	}
}

func createTable(c *client, name, rangeKey string) error {
	_ = c.do(ddb+"DeleteTable", fmt.Sprintf(`{"TableName":"%s"}`, name)) // from a run before, if there was one
	attrs, schema := `{"AttributeName":"pk","AttributeType":"S"}`, `{"AttributeName":"pk","KeyType":"HASH"}`
	if rangeKey != "" {
		attrs += fmt.Sprintf(`,{"AttributeName":"%s","AttributeType":"N"}`, rangeKey)
		schema += fmt.Sprintf(`,{"AttributeName":"%s","KeyType":"RANGE"}`, rangeKey)
	}
	return c.do(ddb+"CreateTable", fmt.Sprintf(`{"TableName":"%s","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[%s],"KeySchema":[%s]}`, name, attrs, schema))
}

func emptyTable(name string) func(*client) error {
	return func(c *client) error { return createTable(c, name, "") }
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
	for i := 0; i < keys; i += 25 {
		var b strings.Builder
		for j := i; j < i+25; j++ {
			if j > i {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, `{"PutRequest":{"Item":{%s,"data":{"S":"%s"}}}}`, key(j), payload)
		}
		if err := c.do(ddb+"BatchWriteItem", fmt.Sprintf(`{"RequestItems":{"%s":[%s]}}`, name, b.String())); err != nil {
			return err
		}
	}
	return nil
}

func queue(name, attributes string) func(*client) error {
	return func(c *client) error {
		_ = c.do(sqs+"DeleteQueue", fmt.Sprintf(`{"QueueUrl":"http://queue/000000000000/%s"}`, name)) // from a run before, if there was one
		return c.do(sqs+"CreateQueue", fmt.Sprintf(`{"QueueName":"%s","Attributes":%s}`, name, attributes))
	}
}
