package integration

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// Another access key, or another region, sees nothing.
func TestNamespaces(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		c.createTable(t, "Mine", withStream(types.StreamViewTypeKeysOnly))
		c.put(t, "Mine", key("a", "1"))
		url := c.createQueue(t, "mine", nil)
		c.send(t, url, "secret")
		for what, other := range map[string]*client{
			"another region":          newClient(c.server, c.account, "ap-northeast-2"),
			"another account":         newClient(c.server, newAccount(), c.region),
			"a key that is no number": newClient(c.server, "some-key-"+c.account, c.region),
		} {
			t.Run(what, func(t *testing.T) {
				want(t, "tables", len(try(other.db.ListTables(ctx(t), &dynamodb.ListTablesInput{})).must(t).TableNames), 0)
				want(t, "streams", len(try(other.streams.ListStreams(ctx(t), &dynamodbstreams.ListStreamsInput{})).must(t).Streams), 0)
				want(t, "queues", len(try(other.sqs.ListQueues(ctx(t), &sqs.ListQueuesInput{})).must(t).QueueUrls), 0)
				_, err := other.db.GetItem(ctx(t), &dynamodb.GetItemInput{TableName: aws.String("Mine"), Key: key("a", "1")})
				wantError[*types.ResourceNotFoundException](t, err, "Requested resource not found")
				_, err = other.sqs.GetQueueUrl(ctx(t), &sqs.GetQueueUrlInput{QueueName: aws.String("mine")})
				wantError[*sqstypes.QueueDoesNotExist](t, err, noSuchQueue)
				other.createTable(t, "Mine")
				other.createQueue(t, "mine", nil)
				other.wantItem(t, "Mine", key("a", "1"), nil)
			})
		}
		want(t, "received", bodies(c.receive(t, url, 10)), []string{"secret"})
	})
}

func TestAuth(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "keys")
	keys := "[shop]\naws_access_key_id = SHOPKEY\naws_secret_access_key = the/right+secret\naws_account_id = 111122223333\n"
	if err := os.WriteFile(file, []byte(keys), 0o600); err != nil {
		t.Fatal(err)
	}
	s := startServer(t, "--memory", "--auth", file)

	right := newClientWithSecret(s, "SHOPKEY", "the/right+secret", "us-east-1")
	want(t, "ARN", *right.createTable(t, "Guarded").TableArn, "arn:aws:dynamodb:us-east-1:111122223333:table/Guarded")
	right.put(t, "Guarded", with(key("a", "한글"), item{"v": str("\U0001F680")}))
	want(t, "queue URL", right.createQueue(t, "guarded", nil), s.url()+"/111122223333/guarded")

	wrong := newClientWithSecret(s, "SHOPKEY", "a wrong secret", "us-east-1")
	_, err := wrong.db.ListTables(ctx(t), &dynamodb.ListTablesInput{})
	wantCode(t, err, "InvalidSignatureException", "The request signature we calculated does not match the signature you provided. "+
		"Check your AWS Secret Access Key and signing method. Consult the service documentation for details.")
	_, err = wrong.sqs.ListQueues(ctx(t), &sqs.ListQueuesInput{})
	wantCode(t, err, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. "+
		"Check your AWS Secret Access Key and signing method. Consult the service documentation for details.")

	unknown := newClientWithSecret(s, "NOBODY", "the/right+secret", "us-east-1")
	_, err = unknown.db.ListTables(ctx(t), &dynamodb.ListTablesInput{})
	wantCode(t, err, "UnrecognizedClientException", "The security token included in the request is invalid.")
	_, err = unknown.sqs.ListQueues(ctx(t), &sqs.ListQueuesInput{})
	wantCode(t, err, "InvalidClientTokenId", "The security token included in the request is invalid.")
}
