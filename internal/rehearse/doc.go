// Package rehearse plays traffic against the capacity model (package capacity) on a
// virtual clock: an hour in about a second. What would be throttled, how long would
// it take until everything is stored, and what would it cost?
//
//	scenario, err := rehearse.Read(file, rehearse.FilesIn(dir))
//	result, err := rehearse.Run(ctx, scenario)
//	err = result.HTML(w)
//
// A Scenario has sources of traffic, and designs: ways for that traffic to reach a
// table. Each design is played by itself with the same arrivals.
//
// # The clock
//
// Time goes in steps: of Step while something waits or is refused, and of a second
// while all is calm. What arrives in a step is a number, not so many requests: of
// each source, for each cell of its keys. A cell is a hot key, or a part of the
// space of keys in which all are alike. The model decides about a number at once
// (capacity.AdmitMany), so that the work does not grow with the rate.
//
// Within a step nothing is before anything else: arrivals, retries and batches of
// workers are served in an order by chance. Of a long step, what the table cannot take
// at once arrives in the short ones of it.
//
// What is refused comes again after the back-off of its client, a quarter of it at
// each of four times that stand for the jitter. Latency is from the arrival to the
// end of the write. Of retries of the same attempt in the same step only the mean
// arrival is kept, so that percentiles have an error of about a step.
//
// # Designs
//
// Without a queue (simulation.go) the client writes and retries. With one (line.go)
// it sends, which a FIFO queue may refuse; workers receive batches, write, and keep
// a batch until its last message is written or given up, in which case it becomes
// visible again and finally a dead letter. Workers are a fixed number of consumers,
// or a function's, whose number the model of Lambda says. Of a message group one
// batch is in work at a time.
//
// # Chance
//
// What is random comes from the scenario's seed: how many requests arrive in a step
// (arrivals.go), and the keys within a cell, which follow a sequence. The same scenario
// gives the same report, byte for byte, and all designs have the same arrivals. Peaks
// shorter than a step are not seen.
package rehearse
