package levee;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.amazonaws.auth.AWSStaticCredentialsProvider;
import com.amazonaws.auth.BasicAWSCredentials;
import com.amazonaws.client.builder.AwsClientBuilder.EndpointConfiguration;
import com.amazonaws.services.dynamodbv2.AmazonDynamoDB;
import com.amazonaws.services.dynamodbv2.AmazonDynamoDBClientBuilder;
import com.amazonaws.services.dynamodbv2.datamodeling.DynamoDBAttribute;
import com.amazonaws.services.dynamodbv2.datamodeling.DynamoDBHashKey;
import com.amazonaws.services.dynamodbv2.datamodeling.DynamoDBMapper;
import com.amazonaws.services.dynamodbv2.datamodeling.DynamoDBMapperConfig;
import com.amazonaws.services.dynamodbv2.datamodeling.DynamoDBMapperConfig.SaveBehavior;
import com.amazonaws.services.dynamodbv2.datamodeling.DynamoDBQueryExpression;
import com.amazonaws.services.dynamodbv2.datamodeling.DynamoDBRangeKey;
import com.amazonaws.services.dynamodbv2.datamodeling.DynamoDBTable;
import com.amazonaws.services.dynamodbv2.datamodeling.DynamoDBVersionAttribute;
import com.amazonaws.services.dynamodbv2.datamodeling.TransactionWriteRequest;
import com.amazonaws.services.dynamodbv2.model.ConditionalCheckFailedException;
import com.amazonaws.services.dynamodbv2.model.ProvisionedThroughput;
import com.amazonaws.services.dynamodbv2.model.TransactionCanceledException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The object mapper of the first AWS SDK for Java: it speaks in AttributeUpdates and Expected. */
class MapperTest {
    static final AmazonDynamoDB CLIENT = AmazonDynamoDBClientBuilder.standard()
        .withEndpointConfiguration(new EndpointConfiguration(System.getenv("AWS_ENDPOINT_URL"), "us-east-1"))
        .withCredentials(new AWSStaticCredentialsProvider(new BasicAWSCredentials(
            String.format("%012d", ThreadLocalRandom.current().nextLong(1_000_000_000_000L)), "any")))
        .build();
    static final DynamoDBMapper MAPPER = new DynamoDBMapper(CLIENT);

    @DynamoDBTable(tableName = "MappedAccounts")
    public static class Account {
        private String owner;
        private Integer number;
        private Long balance;
        private Set<String> labels;
        private Long version;

        public Account() {}

        Account(String owner, int number, long balance) {
            this.owner = owner;
            this.number = number;
            this.balance = balance;
        }

        @DynamoDBHashKey
        public String getOwner() { return owner; }
        public void setOwner(String owner) { this.owner = owner; }

        @DynamoDBRangeKey
        public Integer getNumber() { return number; }
        public void setNumber(Integer number) { this.number = number; }

        @DynamoDBAttribute
        public Long getBalance() { return balance; }
        public void setBalance(Long balance) { this.balance = balance; }

        @DynamoDBAttribute
        public Set<String> getLabels() { return labels; }
        public void setLabels(Set<String> labels) { this.labels = labels; }

        @DynamoDBVersionAttribute
        public Long getVersion() { return version; }
        public void setVersion(Long version) { this.version = version; }
    }

    @BeforeAll
    static void createTable() {
        CLIENT.createTable(MAPPER.generateCreateTableRequest(Account.class)
            .withProvisionedThroughput(new ProvisionedThroughput(5L, 5L)));
    }

    static Account load(String owner, int number) {
        return MAPPER.load(Account.class, owner, number);
    }

    @Test
    void eachSaveCountsTheVersion() {
        Account a = new Account("counts", 1, 10);
        MAPPER.save(a);
        assertEquals(1, a.getVersion());
        a.setLabels(Set.of("x", "y"));
        MAPPER.save(a);
        assertEquals(2, load("counts", 1).getVersion());
        assertEquals(Set.of("x", "y"), load("counts", 1).getLabels());
        a.setLabels(null);
        MAPPER.save(a);
        assertNull(load("counts", 1).getLabels());
    }

    @Test
    void theSecondOfTwoWritersIsRefused() {
        MAPPER.save(new Account("writers", 1, 10));
        Account mine = load("writers", 1);
        Account theirs = load("writers", 1);
        theirs.setBalance(20L);
        MAPPER.save(theirs);
        mine.setBalance(5L);
        assertThrows(ConditionalCheckFailedException.class, () -> MAPPER.save(mine));
        assertThrows(ConditionalCheckFailedException.class, () -> MAPPER.delete(mine));
        assertThrows(ConditionalCheckFailedException.class, () -> MAPPER.save(new Account("writers", 1, 0)));
        assertEquals(20, load("writers", 1).getBalance());
        MAPPER.delete(theirs);
        assertNull(load("writers", 1));
    }

    @Test
    void clobberingIgnoresTheVersion() {
        MAPPER.save(new Account("clobber", 1, 10));
        Account old = load("clobber", 1);
        MAPPER.save(load("clobber", 1));
        old.setBalance(1L);
        MAPPER.save(old, DynamoDBMapperConfig.builder().withSaveBehavior(SaveBehavior.CLOBBER).build());
        assertEquals(1, load("clobber", 1).getBalance());
    }

    @Test
    void transactionsKeepToTheVersion() {
        MAPPER.save(new Account("transfer", 1, 10));
        MAPPER.save(new Account("transfer", 2, 0));
        Account from = load("transfer", 1);
        Account to = load("transfer", 2);
        Account stale = load("transfer", 1);
        from.setBalance(3L);
        to.setBalance(7L);
        MAPPER.transactionWrite(new TransactionWriteRequest().addUpdate(from).addUpdate(to));
        assertEquals(7, load("transfer", 2).getBalance());
        stale.setBalance(0L);
        to.setBalance(10L);
        assertThrows(TransactionCanceledException.class,
            () -> MAPPER.transactionWrite(new TransactionWriteRequest().addUpdate(stale).addUpdate(to)));
        assertEquals(7, load("transfer", 2).getBalance());
    }

    @Test
    void queriesAndBatches() {
        MAPPER.batchSave(IntStream.rangeClosed(1, 30).mapToObj(i -> new Account("many", i, i)).toList());
        Account key = new Account();
        key.setOwner("many");
        List<Account> found = MAPPER.query(Account.class, new DynamoDBQueryExpression<Account>().withHashKeyValues(key).withLimit(7));
        assertEquals(IntStream.rangeClosed(1, 30).boxed().toList(), found.stream().map(Account::getNumber).toList());
        MAPPER.batchDelete(found);
        assertEquals(0, MAPPER.count(Account.class, new DynamoDBQueryExpression<Account>().withHashKeyValues(key)));
    }
}
