package levee;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.amazonaws.auth.AWSCredentialsProvider;
import com.amazonaws.auth.AWSStaticCredentialsProvider;
import com.amazonaws.auth.BasicAWSCredentials;
import com.amazonaws.client.builder.AwsClientBuilder.EndpointConfiguration;
import com.amazonaws.services.dynamodbv2.AmazonDynamoDB;
import com.amazonaws.services.dynamodbv2.AmazonDynamoDBClientBuilder;
import com.amazonaws.services.dynamodbv2.AmazonDynamoDBStreams;
import com.amazonaws.services.dynamodbv2.AmazonDynamoDBStreamsClientBuilder;
import com.amazonaws.services.dynamodbv2.model.AttributeDefinition;
import com.amazonaws.services.dynamodbv2.model.AttributeValue;
import com.amazonaws.services.dynamodbv2.model.BillingMode;
import com.amazonaws.services.dynamodbv2.model.CreateTableRequest;
import com.amazonaws.services.dynamodbv2.model.KeySchemaElement;
import com.amazonaws.services.dynamodbv2.model.ProvisionedThroughput;
import com.amazonaws.services.dynamodbv2.model.Record;
import com.amazonaws.services.dynamodbv2.model.StreamSpecification;
import com.amazonaws.services.dynamodbv2.streamsadapter.AmazonDynamoDBStreamsAdapterClient;
import com.amazonaws.services.dynamodbv2.streamsadapter.StreamsWorkerFactory;
import com.amazonaws.services.dynamodbv2.streamsadapter.model.RecordAdapter;
import com.amazonaws.services.kinesis.clientlibrary.interfaces.v2.IRecordProcessor;
import com.amazonaws.services.kinesis.clientlibrary.lib.worker.InitialPositionInStream;
import com.amazonaws.services.kinesis.clientlibrary.lib.worker.KinesisClientLibConfiguration;
import com.amazonaws.services.kinesis.clientlibrary.lib.worker.ShutdownReason;
import com.amazonaws.services.kinesis.clientlibrary.lib.worker.Worker;
import com.amazonaws.services.kinesis.clientlibrary.types.InitializationInput;
import com.amazonaws.services.kinesis.clientlibrary.types.ProcessRecordsInput;
import com.amazonaws.services.kinesis.clientlibrary.types.ShutdownInput;
import com.amazonaws.services.kinesis.metrics.impl.NullMetricsFactory;
import com.amazonaws.services.kinesis.metrics.interfaces.IMetricsFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A table's stream, consumed by the Kinesis Client Library through its adapter for DynamoDB, over SDK version 1.
 * The library waits for up to half a minute before its first worker begins.
 */
class StreamsAdapterTest {
    static final int KEYS = 40;
    static final int ROUNDS = 5;

    static final EndpointConfiguration ENDPOINT = new EndpointConfiguration(System.getenv("AWS_ENDPOINT_URL"), "us-east-1");
    static final AWSCredentialsProvider CREDENTIALS = new AWSStaticCredentialsProvider(new BasicAWSCredentials("streams-adapter", "any"));
    static final AmazonDynamoDB DB = AmazonDynamoDBClientBuilder.standard().withEndpointConfiguration(ENDPOINT).withCredentials(CREDENTIALS).build();
    static final AmazonDynamoDBStreams STREAMS = AmazonDynamoDBStreamsClientBuilder.standard().withEndpointConfiguration(ENDPOINT).withCredentials(CREDENTIALS).build();

    /** The values of each key, in the order in which they came. */
    static final Map<String, List<Integer>> SEEN = new ConcurrentHashMap<>();

    static String stream;

    @BeforeAll
    static void create() {
        stream = DB.createTable(new CreateTableRequest()
            .withTableName("AdapterSource")
            .withProvisionedThroughput(new ProvisionedThroughput(1L, 4000L))
            .withAttributeDefinitions(new AttributeDefinition("id", "S"))
            .withKeySchema(new KeySchemaElement("id", "HASH"))
            .withStreamSpecification(new StreamSpecification().withStreamEnabled(true).withStreamViewType("NEW_AND_OLD_IMAGES")))
            .getTableDescription().getLatestStreamArn();
    }

    static void write(int from, int to) {
        for (int n = from; n < to; n++) {
            for (int key = 0; key < KEYS; key++) {
                DB.putItem("AdapterSource", Map.of("id", new AttributeValue("k" + key), "n", new AttributeValue().withN("" + n)));
            }
        }
    }

    /** Keeps what it is given, and checkpoints after each batch. */
    static final class Processor implements IRecordProcessor {
        private final CountDownLatch awaited;
        private final Set<String> ended;
        private String shard;

        Processor(CountDownLatch awaited, Set<String> ended) {
            this.awaited = awaited;
            this.ended = ended;
        }

        @Override
        public void initialize(InitializationInput in) {
            shard = in.getShardId();
        }

        @Override
        public void processRecords(ProcessRecordsInput in) {
            for (var record : in.getRecords()) {
                Record change = ((RecordAdapter) record).getInternalObject();
                var image = change.getDynamodb().getNewImage();
                SEEN.computeIfAbsent(image.get("id").getS(), k -> new ArrayList<>()).add(Integer.valueOf(image.get("n").getN()));
            }
            try {
                in.getCheckpointer().checkpoint();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
            in.getRecords().forEach(r -> awaited.countDown());
        }

        @Override
        public void shutdown(ShutdownInput in) {
            if (in.getShutdownReason() == ShutdownReason.TERMINATE) {
                ended.add(shard);
                try {
                    in.getCheckpointer().checkpoint();
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            }
        }
    }

    /** Runs a worker until it has been given so many records; returns the shards that it came to the end of. */
    static Set<String> consume(String name, int records) throws Exception {
        CountDownLatch awaited = new CountDownLatch(records);
        Set<String> ended = ConcurrentHashMap.newKeySet();
        KinesisClientLibConfiguration config = new KinesisClientLibConfiguration("adapter-test", stream, CREDENTIALS, name)
            .withInitialPositionInStream(InitialPositionInStream.TRIM_HORIZON)
            .withBillingMode(BillingMode.PAY_PER_REQUEST)
            .withFailoverTimeMillis(1000)
            .withIdleTimeBetweenReadsInMillis(50)
            .withParentShardPollIntervalMillis(50)
            .withShardSyncIntervalMillis(200)
            .withSkipShardSyncAtStartupIfLeasesExist(true);
        IMetricsFactory noMetrics = new NullMetricsFactory();
        ExecutorService threads = Executors.newCachedThreadPool();
        Worker worker = StreamsWorkerFactory.createDynamoDbStreamsWorker(
            () -> new Processor(awaited, ended), config, new AmazonDynamoDBStreamsAdapterClient(STREAMS), DB, noMetrics, threads);
        threads.execute(worker);
        try {
            assertTrue(awaited.await(120, TimeUnit.SECONDS), () -> name + " lacks " + awaited.getCount() + " records");
        } finally {
            worker.startGracefulShutdown().get(20, TimeUnit.SECONDS);
            threads.shutdown();
        }
        return ended;
    }

    @Test
    @Timeout(300)
    void everyChangeComesOnceAndInOrder() throws Exception {
        write(0, ROUNDS);
        consume("first", KEYS * ROUNDS);
        write(ROUNDS, 2 * ROUNDS);
        // More throughput needs more shards: each has two children now.
        DB.updateTable("AdapterSource", new ProvisionedThroughput(1L, 8000L));
        write(2 * ROUNDS, 3 * ROUNDS);
        // Another worker goes on where the first one made its checkpoint, and to the children after their parents.
        assertEquals(4, consume("second", 2 * KEYS * ROUNDS).size(), "shards that ended");
        assertEquals(KEYS, SEEN.size());
        List<Integer> all = java.util.stream.IntStream.range(0, 3 * ROUNDS).boxed().toList();
        SEEN.forEach((key, values) -> assertEquals(all, values, key));
    }
}
