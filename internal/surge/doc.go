// Package surge plays the story Levee is made for, and proves how it ended.
//
// Many companies send a one-off message to their whole segment at the same moment, on top of a steady
// base of chat traffic. In the usual design a FIFO queue takes the blow, with the chat as message group. Consumers drain
// it: the messages of one receive are stored in one TransactWriteItems together with the counters they move, so
// that a badge never disagrees with the messages behind it. The other designs are those of type Design; each is
// audited for what it promises, and RunAll plays them all. A reader of the messages table's stream copies
// every message to a second table, which stands for the search index.
//
// Everything goes through the AWS SDK to an endpoint: the package knows no engine, and plays the same
// story against any service that speaks DynamoDB, DynamoDB Streams and SQS.
//
// # Tables
//
// N is the number of the run. Only surge-run outlives its run.
//
//	surge-run              id                 the current run: its number, its state, its plan
//	surge-N-messages       chat, seq          one row a message; position is its place in the order of storing
//	surge-N-chats          chat               messages: how many are stored; members; managers
//	surge-N-chat-badges    chat, member       unread
//	surge-N-manager-badges manager            unread, the sum over the manager's chats
//	surge-N-search         chat, seq          the propagated copy
//	surge-N-progress       id                 how far each producer got; stream checkpoints, one a shard
//	surge-N.fifo           queue              surge-N-dead.fifo takes what fails too often; a standard queue has no .fifo
//
// # What makes it exact
//
// A message is known by its chat and by its sequence number in the chat, given by its producer. The number is
// in the deduplication id, so a producer that sends again within five minutes is stopped by the queue. It
// is the key of the row, and the row is put on condition that it is not there: whatever the queue delivers
// again (a consumer died before it deleted, a reply was lost) cancels the transaction, and is dropped
// as a duplicate. The chat's row holds the number of messages stored, and the transaction moves it from the
// value it expects: two consumers of one chat cannot interleave, and each message is given the next position.
// Positions are therefore the order of storing, sequence numbers the order of sending, and the audit
// compares the two. Only in the design exactly-once there is no condition: the transaction that removes the message
// cannot be carried out twice, and the audit would see it if it were.
//
// Any process may die at any moment. The plan is a pure function of a seed (or of the input file), producers
// note how far they got and send the uncertain rest again, consumers have no state but the queue's, and the
// stream reader notes its position and its count in one write.
//
// # Trouble
//
// Config.Trouble is the share of operations that go wrong: sends repeated after they had succeeded, consumers
// killed before, during and after the transaction, replies of receives lost on the way (the messages stay in
// flight, their chats closed, until the visibility timeout), replies of transactions lost (the SDK sends
// again with the same ClientRequestToken). Trouble ends when the backlog is gone, so that the run comes to an end.
//
// # Locks
//
// Counters are atomics. The pacer, the crew and the checkpoints each have one mutex, held for a few
// instructions and never together with another.
package surge
