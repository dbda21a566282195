package surge

import "time"

// Snapshot is how far a run is at one moment, for Config.Watch.
type Snapshot struct {
	Title, Phase                 string
	Elapsed                      time.Duration
	Planned                      int64 // messages, as far as is known
	Sent, Stored, Propagated     int64 // messages, of all processes of the run
	SentRate, StoredRate, Copied float64
	Waiting, InFlight            int64         // messages in the queue
	Oldest                       time.Duration // the greatest age of a message received since the last snapshot
	Killed, Lost                 int64         // consumers, replies
	Resent, Dropped              int64         // sends repeated, duplicates dropped
}

func (v view) snapshot() Snapshot {
	return Snapshot{
		Title: v.title, Phase: v.phase, Elapsed: v.elapsed, Planned: v.planned,
		Sent: v.sent, Stored: v.stored, Propagated: v.propagated,
		SentRate: v.sentRate, StoredRate: v.storedRate, Copied: v.copied,
		Waiting: v.waiting, InFlight: v.inFlight, Oldest: v.oldest,
		Killed: v.killed, Lost: v.lost, Resent: v.resent, Dropped: v.dropped,
	}
}
