package levee;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.amazon.sqs.javamessaging.ProviderConfiguration;
import com.amazon.sqs.javamessaging.SQSConnectionFactory;
import jakarta.jms.MessageConsumer;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.batchmanager.SqsAsyncBatchManager;
import software.amazon.awssdk.services.sqs.model.MessageAttributeValue;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;
import software.amazon.awssdk.services.sqs.model.QueueDoesNotExistException;

/** The SQS client of the AWS SDK for Java, its batch manager, and the JMS library. */
class QueueTest {
    static final SqsClient SQS = Server.at(SqsClient.builder()).build();

    static String create(String name, Map<QueueAttributeName, String> attributes) {
        return SQS.createQueue(r -> r.queueName(name).attributes(attributes)).queueUrl();
    }

    @Test
    void messagesWithAttributes() {
        String url = create("plain", Map.of());
        var bytes = MessageAttributeValue.builder().dataType("Binary").binaryValue(SdkBytes.fromUtf8String("b")).build();
        SQS.sendMessage(r -> r.queueUrl(url).messageBody("héllo").messageAttributes(Map.of("b", bytes)));
        var messages = SQS.receiveMessage(r -> r.queueUrl(url).messageAttributeNames("All").waitTimeSeconds(1)).messages();
        assertEquals("héllo", messages.get(0).body());
        assertEquals(bytes, messages.get(0).messageAttributes().get("b"));
        SQS.deleteMessage(r -> r.queueUrl(url).receiptHandle(messages.get(0).receiptHandle()));
        assertThrows(QueueDoesNotExistException.class, () -> SQS.getQueueUrl(r -> r.queueName("nothing")));
    }

    @Test
    void batchManager() {
        String url = create("batches", Map.of());
        try (SqsAsyncClient client = Server.at(SqsAsyncClient.builder()).build(); SqsAsyncBatchManager manager = client.batchManager()) {
            List<CompletableFuture<?>> sends = new ArrayList<>();
            IntStream.range(0, 35).forEach(n -> sends.add(manager.sendMessage(r -> r.queueUrl(url).messageBody("m" + n))));
            CompletableFuture.allOf(sends.toArray(CompletableFuture[]::new)).join();
            Set<String> bodies = new HashSet<>();
            List<CompletableFuture<?>> deletes = new ArrayList<>();
            for (int i = 0; i < 100 && bodies.size() < 35; i++) {
                for (var m : manager.receiveMessage(r -> r.queueUrl(url)).join().messages()) {
                    bodies.add(m.body());
                    deletes.add(manager.deleteMessage(r -> r.queueUrl(url).receiptHandle(m.receiptHandle())));
                }
            }
            CompletableFuture.allOf(deletes.toArray(CompletableFuture[]::new)).join();
            assertEquals(35, bodies.size());
        }
        var counts = SQS.getQueueAttributes(r -> r.queueUrl(url).attributeNames(QueueAttributeName.ALL)).attributes();
        assertEquals("0", counts.get(QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES));
        assertEquals("0", counts.get(QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES_NOT_VISIBLE));
    }

    @Test
    void jms() throws Exception {
        create("jms.fifo", Map.of(QueueAttributeName.FIFO_QUEUE, "true", QueueAttributeName.CONTENT_BASED_DEDUPLICATION, "true"));
        var connection = new SQSConnectionFactory(new ProviderConfiguration().withNumberOfMessagesToPrefetch(2), SQS).createConnection();
        try {
            Session session = connection.createSession(false, Session.CLIENT_ACKNOWLEDGE);
            var queue = session.createQueue("jms.fifo");
            var producer = session.createProducer(queue);
            for (int n = 0; n < 5; n++) {
                TextMessage m = session.createTextMessage("m" + n);
                m.setStringProperty("JMSXGroupID", "group");
                m.setIntProperty("number", n);
                producer.send(m);
            }
            MessageConsumer consumer = session.createConsumer(queue);
            connection.start();
            for (int n = 0; n < 5; n++) {
                TextMessage m = (TextMessage) consumer.receive(Duration.ofSeconds(10).toMillis());
                assertTrue(m != null, "message " + n + " did not come");
                assertEquals("m" + n, m.getText());
                assertEquals(n, m.getIntProperty("number"));
                m.acknowledge();
            }
        } finally {
            connection.close();
        }
    }
}
