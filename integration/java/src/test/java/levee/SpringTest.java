package levee;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.awspring.cloud.sqs.annotation.SqsListener;
import io.awspring.cloud.sqs.config.SqsBootstrapConfiguration;
import io.awspring.cloud.sqs.config.SqsMessageListenerContainerFactory;
import io.awspring.cloud.sqs.operations.SqsTemplate;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.messaging.Message;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;

/** Spring Cloud AWS: a listener of a FIFO queue that fails now and then, and the template. */
class SpringTest {
    static final int GROUPS = 5, EACH = 6;

    @Configuration
    @Import(SqsBootstrapConfiguration.class)
    static class App {
        final Map<String, List<String>> received = new ConcurrentHashMap<>();
        final CountDownLatch left = new CountDownLatch(GROUPS * EACH);

        @Bean(destroyMethod = "close")
        SqsAsyncClient sqs() {
            return Server.at(SqsAsyncClient.builder()).build();
        }

        @Bean
        SqsMessageListenerContainerFactory<Object> defaultSqsListenerContainerFactory(SqsAsyncClient sqs) {
            return SqsMessageListenerContainerFactory.builder().sqsAsyncClient(sqs).build();
        }

        @Bean
        SqsTemplate template(SqsAsyncClient sqs) {
            return SqsTemplate.newTemplate(sqs);
        }

        @Bean
        Listener listener() {
            return new Listener(this);
        }
    }

    record Listener(App app) {
        @SqsListener("spring.fifo")
        void listen(Message<String> m) {
            String group = m.getHeaders().get("Sqs_Msa_MessageGroupId", String.class);
            boolean first = "1".equals(m.getHeaders().get("Sqs_Msa_ApproximateReceiveCount", String.class));
            if (m.getPayload().endsWith("3") && first) {
                throw new IllegalStateException("on purpose"); // it comes back before the rest of its group
            }
            app.received.computeIfAbsent(group, g -> new CopyOnWriteArrayList<>()).add(m.getPayload());
            app.left.countDown();
        }
    }

    @Test
    void listenerAndTemplate() throws Exception {
        QueueTest.create("spring.fifo", Map.of(QueueAttributeName.FIFO_QUEUE, "true",
            QueueAttributeName.CONTENT_BASED_DEDUPLICATION, "true", QueueAttributeName.VISIBILITY_TIMEOUT, "2"));
        QueueTest.create("spring-plain", Map.of());
        try (var context = new AnnotationConfigApplicationContext(App.class)) {
            var template = context.getBean(SqsTemplate.class);
            var app = context.getBean(App.class);
            for (int n = 0; n < EACH; n++) {
                for (int g = 0; g < GROUPS; g++) {
                    String group = "g" + g, body = group + "-" + n;
                    template.send(to -> to.queue("spring.fifo").messageGroupId(group).payload(body));
                }
            }
            assertTrue(app.left.await(60, TimeUnit.SECONDS), "received " + app.received);
            for (int g = 0; g < GROUPS; g++) {
                String group = "g" + g;
                assertEquals(java.util.stream.IntStream.range(0, EACH).mapToObj(n -> group + "-" + n).toList(), app.received.get(group));
            }
            template.send(to -> to.queue("spring-plain").payload("hello").header("answer", 42));
            Message<String> m = template.receive(from -> from.queue("spring-plain"), String.class).orElseThrow();
            assertEquals("hello", m.getPayload());
            assertEquals(42, ((Number) m.getHeaders().get("answer")).intValue());
        }
    }
}
