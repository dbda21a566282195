package levee;

import java.net.URI;
import java.util.concurrent.ThreadLocalRandom;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.regions.Region;

/** A running levee serve. The tests work in an account of their own: the access key is the account. */
final class Server {
    private static final URI ENDPOINT = URI.create(System.getenv("AWS_ENDPOINT_URL"));
    private static final AwsCredentialsProvider CREDENTIALS = StaticCredentialsProvider.create(
        AwsBasicCredentials.create(String.format("%012d", ThreadLocalRandom.current().nextLong(1_000_000_000_000L)), "any"));

    private Server() {}

    /** Points a builder of a client at the server. */
    static <B extends AwsClientBuilder<B, ?>> B at(B builder) {
        return builder.endpointOverride(ENDPOINT).region(Region.US_EAST_1).credentialsProvider(CREDENTIALS);
    }
}
