package levee;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.enhanced.dynamodb.DynamoDbEnhancedClient;
import software.amazon.awssdk.enhanced.dynamodb.DynamoDbTable;
import software.amazon.awssdk.enhanced.dynamodb.Expression;
import software.amazon.awssdk.enhanced.dynamodb.Key;
import software.amazon.awssdk.enhanced.dynamodb.TableSchema;
import software.amazon.awssdk.enhanced.dynamodb.extensions.annotations.DynamoDbAtomicCounter;
import software.amazon.awssdk.enhanced.dynamodb.extensions.annotations.DynamoDbVersionAttribute;
import software.amazon.awssdk.enhanced.dynamodb.mapper.annotations.DynamoDbBean;
import software.amazon.awssdk.enhanced.dynamodb.mapper.annotations.DynamoDbPartitionKey;
import software.amazon.awssdk.enhanced.dynamodb.mapper.annotations.DynamoDbSecondaryPartitionKey;
import software.amazon.awssdk.enhanced.dynamodb.mapper.annotations.DynamoDbSecondarySortKey;
import software.amazon.awssdk.enhanced.dynamodb.mapper.annotations.DynamoDbSortKey;
import software.amazon.awssdk.enhanced.dynamodb.model.BatchWriteItemEnhancedRequest;
import software.amazon.awssdk.enhanced.dynamodb.model.ConditionCheck;
import software.amazon.awssdk.enhanced.dynamodb.model.PageIterable;
import software.amazon.awssdk.enhanced.dynamodb.model.PutItemEnhancedRequest;
import software.amazon.awssdk.enhanced.dynamodb.model.QueryConditional;
import software.amazon.awssdk.enhanced.dynamodb.model.ScanEnhancedRequest;
import software.amazon.awssdk.enhanced.dynamodb.model.WriteBatch;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.ConditionalCheckFailedException;
import software.amazon.awssdk.services.dynamodb.model.ResourceNotFoundException;
import software.amazon.awssdk.services.dynamodb.model.TransactionCanceledException;

/** The enhanced client of the AWS SDK for Java: mapping, optimistic locking, indexes, transactions. */
class EnhancedClientTest {
    static final DynamoDbClient CLIENT = Server.at(DynamoDbClient.builder()).build();
    static final DynamoDbEnhancedClient DB = DynamoDbEnhancedClient.builder().dynamoDbClient(CLIENT).build();
    static final DynamoDbTable<Order> ORDERS = DB.table("Orders", TableSchema.fromBean(Order.class));

    @DynamoDbBean
    public static class Order {
        private String customer;
        private Integer number;
        private String state;
        private BigDecimal total;
        private Instant placed;
        private List<String> lines;
        private Set<String> tags;
        private Map<String, Integer> counts;
        private Long version;
        private Long saves;

        @DynamoDbPartitionKey
        public String getCustomer() { return customer; }
        public void setCustomer(String v) { customer = v; }
        @DynamoDbSortKey
        @DynamoDbSecondarySortKey(indexNames = "ByState")
        public Integer getNumber() { return number; }
        public void setNumber(Integer v) { number = v; }
        @DynamoDbSecondaryPartitionKey(indexNames = "ByState")
        public String getState() { return state; }
        public void setState(String v) { state = v; }
        public BigDecimal getTotal() { return total; }
        public void setTotal(BigDecimal v) { total = v; }
        public Instant getPlaced() { return placed; }
        public void setPlaced(Instant v) { placed = v; }
        public List<String> getLines() { return lines; }
        public void setLines(List<String> v) { lines = v; }
        public Set<String> getTags() { return tags; }
        public void setTags(Set<String> v) { tags = v; }
        public Map<String, Integer> getCounts() { return counts; }
        public void setCounts(Map<String, Integer> v) { counts = v; }
        @DynamoDbVersionAttribute
        public Long getVersion() { return version; }
        public void setVersion(Long v) { version = v; }
        @DynamoDbAtomicCounter
        public Long getSaves() { return saves; }
        public void setSaves(Long v) { saves = v; }
    }

    static Order order(String customer, int number) {
        Order o = new Order();
        o.setCustomer(customer);
        o.setNumber(number);
        o.setState(number % 2 == 0 ? "open" : "closed");
        return o;
    }

    static Key key(String customer, int number) {
        return Key.builder().partitionValue(customer).sortValue(number).build();
    }

    @BeforeAll
    static void create() {
        ORDERS.createTable();
        CLIENT.waiter().waitUntilTableExists(b -> b.tableName("Orders"));
    }

    @Test
    void valuesSurvive() {
        Order o = order("values", 1);
        o.setTotal(new BigDecimal("12345678901234567890.123456789012345678"));
        o.setPlaced(Instant.parse("2026-01-02T03:04:05.678Z"));
        o.setLines(List.of("a", "한"));
        o.setTags(Set.of("x", "y"));
        o.setCounts(Map.of("n", 1));
        ORDERS.putItem(o);
        Order got = ORDERS.getItem(r -> r.key(key("values", 1)).consistentRead(true));
        assertEquals(o.getTotal(), got.getTotal());
        assertEquals(o.getPlaced(), got.getPlaced());
        assertEquals(o.getLines(), got.getLines());
        assertEquals(o.getTags(), got.getTags());
        assertEquals(o.getCounts(), got.getCounts());
        assertNull(ORDERS.getItem(key("values", 2)));
    }

    @Test
    void staleWritesAreRefused() {
        ORDERS.putItem(order("lock", 1));
        Order one = ORDERS.getItem(key("lock", 1));
        Order two = ORDERS.getItem(key("lock", 1));
        one.setState("paid");
        assertEquals(one.getVersion() + 1, ORDERS.updateItem(one).getVersion());
        two.setState("lost");
        assertThrows(ConditionalCheckFailedException.class, () -> ORDERS.updateItem(two));
        assertEquals("paid", ORDERS.getItem(key("lock", 1)).getState());
    }

    @Test
    void conditions() {
        Expression absent = Expression.builder().expression("attribute_not_exists(customer)").build();
        PutItemEnhancedRequest<Order> put = PutItemEnhancedRequest.builder(Order.class).item(order("once", 1)).conditionExpression(absent).build();
        ORDERS.putItem(put);
        assertThrows(ConditionalCheckFailedException.class, () -> ORDERS.putItem(put));
    }

    @Test
    void batchesQueriesAndIndexes() {
        // A batch takes no conditions, so none for the version either.
        DynamoDbTable<Order> plain = DynamoDbEnhancedClient.builder().dynamoDbClient(CLIENT).extensions(List.of()).build()
            .table("Orders", ORDERS.tableSchema());
        for (int from = 0; from < 50; from += 25) {
            WriteBatch.Builder<Order> batch = WriteBatch.builder(Order.class).mappedTableResource(plain);
            IntStream.range(from, from + 25).forEach(n -> batch.addPutItem(order("many", n)));
            var result = DB.batchWriteItem(BatchWriteItemEnhancedRequest.builder().writeBatches(batch.build()).build());
            assertEquals(0, result.unprocessedPutItemsForTable(plain).size());
        }
        PageIterable<Order> some = ORDERS.query(r -> r.limit(3).scanIndexForward(false)
            .queryConditional(QueryConditional.sortBetween(key("many", 10), key("many", 19))));
        assertEquals(List.of(19, 18, 17, 16, 15, 14, 13, 12, 11, 10), some.items().stream().map(Order::getNumber).toList());
        var open = ORDERS.index("ByState").query(QueryConditional.keyEqualTo(k -> k.partitionValue("open")));
        assertEquals(25, open.stream().flatMap(p -> p.items().stream()).filter(o -> o.getCustomer().equals("many")).count());
        var filter = Expression.builder().expression("customer = :c AND #n >= :n").putExpressionName("#n", "number")
            .putExpressionValue(":c", AttributeValue.fromS("many")).putExpressionValue(":n", AttributeValue.fromN("45")).build();
        assertEquals(5, ORDERS.scan(ScanEnhancedRequest.builder().filterExpression(filter).build()).items().stream().count());
    }

    @Test
    void transactions() {
        ORDERS.putItem(order("tx", 1));
        DB.transactWriteItems(b -> b.addPutItem(ORDERS, order("tx", 2)).addUpdateItem(ORDERS, ORDERS.getItem(key("tx", 1))));
        ConditionCheck<Order> gone = ConditionCheck.<Order>builder().key(key("tx", 9))
            .conditionExpression(Expression.builder().expression("attribute_exists(customer)").build()).build();
        var err = assertThrows(TransactionCanceledException.class,
            () -> DB.transactWriteItems(b -> b.addDeleteItem(ORDERS, key("tx", 2)).addConditionCheck(ORDERS, gone)));
        assertEquals(List.of("None", "ConditionalCheckFailed"), err.cancellationReasons().stream().map(r -> r.code()).toList());
        var both = DB.transactGetItems(b -> b.addGetItem(ORDERS, key("tx", 1)).addGetItem(ORDERS, key("tx", 2)));
        assertEquals(2L, both.get(0).getItem(ORDERS).getVersion());
        assertEquals(2, both.get(1).getItem(ORDERS).getNumber());
    }

    @Test
    void missingTable() {
        assertThrows(ResourceNotFoundException.class,
            () -> DB.table("Nothing", TableSchema.fromBean(Order.class)).getItem(key("a", 1)));
    }
}
