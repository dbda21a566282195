#!/usr/bin/env bash
# A session with the AWS CLI, as one would have it with the service: a table, a
# stream, a queue. Each answer is compared with what it should be.
#
#   AWS_ENDPOINT_URL=http://127.0.0.1:8000 bash session.sh
#
# The account, which is the access key, is made up anew each time, so the session
# can be repeated against the same server.
set -euo pipefail

: "${AWS_ENDPOINT_URL:?the URL of a running levee serve}"
export AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1 AWS_PAGER="" AWS_MAX_ATTEMPTS=1
account=$(printf '%012d' "$((RANDOM * 32768 + RANDOM))")
export AWS_ACCESS_KEY_ID=$account AWS_SECRET_ACCESS_KEY=any
unset AWS_PROFILE AWS_SESSION_TOKEN

# The CLI without the profile of whoever runs this. Not all versions of it read
# AWS_ENDPOINT_URL.
export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null AWS_DEFAULT_OUTPUT=json
aws() { command aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }

# want EXPECTED COMMAND... compares the JSON or text that a command answers.
want() {
	local expected=$1 got
	shift
	got=$("$@" 2>&1) || true
	if jq -e . >/dev/null 2>&1 <<<"$got"; then
		got=$(jq -cS . <<<"$got")
	fi
	got=$(tr -s '\n\t ' ' ' <<<"$got" | sed 's/^ //; s/ $//')
	if [ "$got" != "$expected" ]; then
		printf 'FAIL  %s\n  got   %s\n  want  %s\n' "$*" "$got" "$expected" >&2
		exit 1
	fi
	printf 'ok    %s\n' "$(cut -c1-110 <<<"${*//$'\n'/ }")"
}

db() { aws dynamodb "$@"; }
queue() { aws sqs "$@"; }

echo "# A table, with an index by genre and a stream of its changes"
want '"CREATING"' db create-table --table-name Music \
	--attribute-definitions AttributeName=Artist,AttributeType=S AttributeName=Song,AttributeType=S AttributeName=Genre,AttributeType=S \
	--key-schema AttributeName=Artist,KeyType=HASH AttributeName=Song,KeyType=RANGE \
	--global-secondary-indexes 'IndexName=ByGenre,KeySchema=[{AttributeName=Genre,KeyType=HASH}],Projection={ProjectionType=ALL}' \
	--billing-mode PAY_PER_REQUEST --stream-specification StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES \
	--query TableDescription.TableStatus
db wait table-exists --table-name Music
want '["Music"]' db list-tables --query TableNames
want "\"arn:aws:dynamodb:us-east-1:$account:table/Music\"" db describe-table --table-name Music --query Table.TableArn

echo "# Items"
want '' db put-item --table-name Music --item '{"Artist":{"S":"Sumi Jo"},"Song":{"S":"If I Leave"},"Genre":{"S":"Crossover"},"Plays":{"N":"10"}}'
want '' db put-item --table-name Music --item '{"Artist":{"S":"Sumi Jo"},"Song":{"S":"Champions"},"Genre":{"S":"Crossover"},"Plays":{"N":"7"}}'
want '' db put-item --table-name Music --item '{"Artist":{"S":"Jambinai"},"Song":{"S":"Connection"},"Genre":{"S":"Post-rock"},"Tags":{"SS":["live","long"]}}'
want '{"Artist":{"S":"Sumi Jo"},"Genre":{"S":"Crossover"},"Plays":{"N":"10"},"Song":{"S":"If I Leave"}}' \
	db get-item --table-name Music --key '{"Artist":{"S":"Sumi Jo"},"Song":{"S":"If I Leave"}}' --consistent-read --query Item
want '' db get-item --table-name Music --key '{"Artist":{"S":"Nobody"},"Song":{"S":"Nothing"}}'

echo "# A counter, and an update on condition"
want '{"Plays":{"N":"11"}}' db update-item --table-name Music --key '{"Artist":{"S":"Sumi Jo"},"Song":{"S":"If I Leave"}}' \
	--update-expression 'ADD Plays :one' --expression-attribute-values '{":one":{"N":"1"}}' --return-values UPDATED_NEW --query Attributes
want 'An error occurred (ConditionalCheckFailedException) when calling the UpdateItem operation: The conditional request failed' \
	db update-item --table-name Music --key '{"Artist":{"S":"Sumi Jo"},"Song":{"S":"If I Leave"}}' \
	--update-expression 'SET Plays = :zero' --condition-expression 'Plays < :ten' --expression-attribute-values '{":zero":{"N":"0"},":ten":{"N":"10"}}'

echo "# Query a partition, query the index, scan"
want '["Champions","If I Leave"]' db query --table-name Music --key-condition-expression 'Artist = :a' \
	--expression-attribute-values '{":a":{"S":"Sumi Jo"}}' --query 'Items[].Song.S'
want '["If I Leave"]' db query --table-name Music --key-condition-expression 'Artist = :a AND begins_with(Song, :i)' \
	--expression-attribute-values '{":a":{"S":"Sumi Jo"},":i":{"S":"If"}}' --query 'Items[].Song.S'
want '["Connection"]' db query --table-name Music --index-name ByGenre --key-condition-expression 'Genre = :g' \
	--expression-attribute-values '{":g":{"S":"Post-rock"}}' --query 'Items[].Song.S'
want '{"Count":1,"ScannedCount":3}' db scan --table-name Music --filter-expression 'contains(Tags, :t)' \
	--expression-attribute-values '{":t":{"S":"live"}}' --query '{Count:Count,ScannedCount:ScannedCount}'
want '3' db scan --table-name Music --page-size 1 --query 'length(Items)'

echo "# Batches"
want '[]' db batch-write-item --query 'keys(UnprocessedItems)' --request-items '{"Music":[
	{"PutRequest":{"Item":{"Artist":{"S":"Jambinai"},"Song":{"S":"Once"}}}},
	{"DeleteRequest":{"Key":{"Artist":{"S":"Sumi Jo"},"Song":{"S":"Champions"}}}}]}'
want '["Once"]' db batch-get-item --query 'Responses.Music[].Song.S' --request-items '{"Music":{"Keys":[
	{"Artist":{"S":"Jambinai"},"Song":{"S":"Once"}},{"Artist":{"S":"Sumi Jo"},"Song":{"S":"Champions"}}]}}'

echo "# A transaction, its repeat, and one that is cancelled"
transaction='[
	{"Update":{"TableName":"Music","Key":{"Artist":{"S":"Jambinai"},"Song":{"S":"Once"}},"UpdateExpression":"ADD Plays :n","ExpressionAttributeValues":{":n":{"N":"5"}}}},
	{"Delete":{"TableName":"Music","Key":{"Artist":{"S":"Jambinai"},"Song":{"S":"Connection"}},"ConditionExpression":"attribute_exists(Artist)"}}]'
want '' db transact-write-items --client-request-token first --transact-items "$transaction"
want '' db transact-write-items --client-request-token first --transact-items "$transaction"
want '["5"]' db transact-get-items --query 'Responses[].Item.Plays.N' \
	--transact-items '[{"Get":{"TableName":"Music","Key":{"Artist":{"S":"Jambinai"},"Song":{"S":"Once"}}}}]'
want 'An error occurred (TransactionCanceledException) when calling the TransactWriteItems operation: Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed]' \
	db transact-write-items --client-request-token second --transact-items "$transaction"

echo "# What the stream has to tell"
stream=$(db describe-table --table-name Music --query Table.LatestStreamArn --output text)
want "[\"$stream\"]" aws dynamodbstreams list-streams --table-name Music --query 'Streams[].StreamArn'
want '"ENABLED"' aws dynamodbstreams describe-stream --stream-arn "$stream" --query StreamDescription.StreamStatus
events=""
for shard in $(aws dynamodbstreams describe-stream --stream-arn "$stream" --query 'StreamDescription.Shards[].ShardId' --output text); do
	iterator=$(aws dynamodbstreams get-shard-iterator --stream-arn "$stream" --shard-id "$shard" --shard-iterator-type TRIM_HORIZON --query ShardIterator --output text)
	events+=$(aws dynamodbstreams get-records --shard-iterator "$iterator" --query 'Records[].eventName' --output text)$'\n'
done
want '4 INSERT 2 MODIFY 2 REMOVE' bash -c "tr '\t' '\n' <<<'$events' | grep -v '^\$' | sort | uniq -c"

echo "# A standard queue"
url=$(queue create-queue --queue-name orders --attributes VisibilityTimeout=60 --query QueueUrl --output text)
want "\"$url\"" queue get-queue-url --queue-name orders --query QueueUrl
want "[\"$url\"]" queue list-queues --query QueueUrls
want '"5d41402abc4b2a76b9719d911017c592"' queue send-message --queue-url "$url" --message-body hello --query MD5OfMessageBody \
	--message-attributes '{"Kind":{"DataType":"String","StringValue":"greeting"}}'
message=$(queue receive-message --queue-url "$url" --message-attribute-names All --attribute-names All --wait-time-seconds 1)
want '["hello","greeting","1"]' jq '.Messages[0] | [.Body, .MessageAttributes.Kind.StringValue, .Attributes.ApproximateReceiveCount]' <<<"$message"
want '"1"' queue get-queue-attributes --queue-url "$url" --attribute-names ApproximateNumberOfMessagesNotVisible \
	--query Attributes.ApproximateNumberOfMessagesNotVisible
receipt=$(jq -r '.Messages[0].ReceiptHandle' <<<"$message")
want '' queue change-message-visibility --queue-url "$url" --receipt-handle "$receipt" --visibility-timeout 0
receipt=$(queue receive-message --queue-url "$url" --query 'Messages[0].ReceiptHandle' --output text)
want '' queue delete-message --queue-url "$url" --receipt-handle "$receipt"
want '' queue receive-message --queue-url "$url"
want '["a","b"]' queue send-message-batch --queue-url "$url" --query 'Successful[].Id' --entries Id=a,MessageBody=1 Id=b,MessageBody=2
want '' queue purge-queue --queue-url "$url"

echo "# A FIFO queue"
fifo=$(queue create-queue --queue-name orders.fifo --attributes FifoQueue=true,ContentBasedDeduplication=true --query QueueUrl --output text)
for body in first second first; do # the third is a duplicate
	queue send-message --queue-url "$fifo" --message-group-id customer-1 --message-body "$body" >/dev/null
done
want '["first","second"]' queue receive-message --queue-url "$fifo" --max-number-of-messages 10 --query 'Messages[].Body'
want '' queue receive-message --queue-url "$fifo" --max-number-of-messages 10
want 'An error occurred (MissingParameter) when calling the SendMessage operation: The request must contain the parameter MessageGroupId.' \
	queue send-message --queue-url "$fifo" --message-body third

echo "# And away with everything"
want '' queue delete-queue --queue-url "$url"
want '' queue delete-queue --queue-url "$fifo"
want 'An error occurred (AWS.SimpleQueueService.NonExistentQueue) when calling the GetQueueUrl operation: The specified queue does not exist.' \
	queue get-queue-url --queue-name orders
want '"DELETING"' db delete-table --table-name Music --query TableDescription.TableStatus
db wait table-not-exists --table-name Music
want '[]' db list-tables --query TableNames
echo "session ended as it should"
