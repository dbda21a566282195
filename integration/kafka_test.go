package integration

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// kafkaConfig is a broker that is its own controller. Others say who they are with
// SCRAM; it itself does not.
const kafkaConfig = `
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:%[2]d
listeners=PLAINTEXT://127.0.0.1:%[1]d,CONTROLLER://127.0.0.1:%[2]d,CLIENTS://127.0.0.1:%[3]d
advertised.listeners=PLAINTEXT://127.0.0.1:%[1]d,CLIENTS://127.0.0.1:%[3]d
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,CLIENTS:SASL_PLAINTEXT
listener.name.clients.sasl.enabled.mechanisms=SCRAM-SHA-256
listener.name.clients.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
log.dirs=%[4]s
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
`

// startKafka starts a broker, and returns the address of those who say who they are and
// that of those who do not.
func startKafka(t *testing.T) (clients, plain string) {
	t.Helper()
	jars := installed(t, "kafka")
	dir := t.TempDir()
	file := filepath.Join(dir, "server.properties")
	ports := []any{freePort(t), freePort(t), freePort(t)}
	if err := os.WriteFile(file, fmt.Appendf(nil, kafkaConfig, append(ports, filepath.Join(dir, "data"))...), 0o600); err != nil {
		t.Fatal(err)
	}
	format := exec.Command("java", java(jars, "kafka.tools.StorageTool", "format", "-t", "bGV2ZWUtaW50ZWdyYXRpbw", "-c", file, "--add-scram", "SCRAM-SHA-256=[name=levee,password=secret]")...)
	if out, err := format.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	plain = fmt.Sprintf("127.0.0.1:%d", ports[0])
	c := try(kgo.NewClient(kgo.SeedBrokers(plain))).must(t)
	defer c.Close()
	startNeighbour(t, func(ctx context.Context, _ *neighbour) bool { return c.Ping(ctx) == nil }, "java", java(jars, "kafka.Kafka", file)...)
	req := kmsg.NewCreateTopicsRequest()
	topic := kmsg.NewCreateTopicsRequestTopic()
	topic.Topic, topic.NumPartitions, topic.ReplicationFactor = "orders", 3, 1
	req.Topics = append(req.Topics, topic)
	try(req.RequestWith(ctx(t), c)).must(t)
	return fmt.Sprintf("127.0.0.1:%d", ports[2]), plain
}

// Messages of a FIFO queue come to a real broker, over the death of the server: each
// with its id, those of a group in one partition and in order.
func TestPipeToKafka(t *testing.T) {
	address, plain := startKafka(t)
	t.Setenv("KAFKA_PASSWORD", "secret")
	c := startWithSinks(t, `topic: {kafka: {brokers: [%q], topic: orders, sasl: {mechanism: SCRAM-SHA-256, user: levee, password: $KAFKA_PASSWORD}}}`, address)
	url := c.createQueue(t, "from.fifo", attributes{"FifoQueue": "true", "VisibilityTimeout": "2"})
	c.pipe(t, "p", c.queueARN("from.fifo"), "topic", "<$.body>")
	const messages, groups = 300, 7
	ids := map[string]string{}
	for i := range messages {
		body := fmt.Sprintf("%03d", i)
		sent := try(c.sqs.SendMessage(ctx(t), &sqs.SendMessageInput{
			QueueUrl: &url, MessageBody: &body, MessageGroupId: aws.String(fmt.Sprint("g", i%groups)), MessageDeduplicationId: &body,
		})).must(t)
		ids[body] = *sent.MessageId
		if i == messages/2 {
			c.server.restart(t, os.Kill)
		}
	}
	consumer := try(kgo.NewClient(kgo.SeedBrokers(plain), kgo.ConsumeTopics("orders"))).must(t)
	defer consumer.Close()
	seen, last, partitions := map[string]bool{}, map[string]string{}, map[string]int32{}
	eventually(t, "all messages are in the topic", func() bool {
		ask, cancel := context.WithTimeout(ctx(t), time.Second)
		defer cancel()
		for _, r := range consumer.PollFetches(ask).Records() {
			body, group := string(r.Value), string(r.Key)
			if p, ok := partitions[group]; ok && p != r.Partition {
				t.Errorf("group %s is in the partitions %d and %d", group, p, r.Partition)
			}
			partitions[group] = r.Partition
			want(t, "header", r.Headers[0].Key+" "+string(r.Headers[0].Value), "levee-id "+ids[body])
			if !seen[body] && body < last[group] {
				t.Errorf("%s comes after %s", body, last[group])
			}
			seen[body], last[group] = true, max(last[group], body)
		}
		return len(seen) == messages
	})
	want(t, "groups", len(partitions), groups)
}
