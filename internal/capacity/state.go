package capacity

import "time"

// State is a table as it is, for reports.
type State struct {
	OnDemand  bool
	Changing  bool            // a change of the configuration is under way
	Resources []ResourceState // the table, then its indexes
}

// ResourceState is a table or an index as it is.
type ResourceState struct {
	Config
	Warm       Rates // that it sustains at once; in provisioned mode, that it may be provisioned at once
	Peak       Rates // the previous peak
	Tokens     Rates // unused throughput that may be spent
	Partitions []PartitionState
	Minute     Minute // that ended last
	Decreases  int    // of provisioned capacity, today
}

// PartitionState is a partition as it is.
type PartitionState struct {
	From       uint64 // its first key
	Bytes      int64
	Consumed   Rates // units this minute
	Ended      Rates // units in the minute that ended last
	HotMinutes int
	Splitting  bool
}

// State returns what the table is like.
func (t *Table) State(now time.Time) State {
	at := now.UnixNano()
	t.turnTo(at)
	s := State{OnDemand: t.onDemand, Changing: t.pending != nil, Resources: make([]ResourceState, len(t.resources))}
	for i, r := range t.resources {
		s.Resources[i] = r.state(now)
		s.Changing = s.Changing || r.updating()
	}
	return s
}

func (r *resource) state(now time.Time) ResourceState {
	s := ResourceState{Config: r.Config, Warm: r.warm, Minute: r.ended, Decreases: r.decreases.Today(now)}
	for c := range r.memory {
		s.Peak[c] = r.memory[c].peak
		r.throughput[c].fill(now.UnixNano())
		s.Tokens[c] = r.throughput[c].tokens
	}
	for i, p := range r.partitions.list {
		s.Partitions = append(s.Partitions, PartitionState{p.from, p.bytes, p.consumed, p.ended, p.hot, r.partitions.splitting(i)})
	}
	return s
}

// updating reports whether auto scaling is changing what is provisioned.
func (r *resource) updating() bool {
	for _, s := range r.scaling {
		if s != nil && s.until != 0 {
			return true
		}
	}
	return false
}

// Warm returns what a resource sustains at once.
func (t *Table) Warm(now time.Time, index int) Rates {
	t.turnTo(now.UnixNano())
	return t.resources[index].warm
}

// Config returns what is configured.
func (t *Table) Config() TableConfig {
	cfg := TableConfig{OnDemand: t.onDemand, LocalIndexes: t.collect, Config: t.resources[Itself].Config}
	for _, r := range t.resources[1:] {
		cfg.Indexes = append(cfg.Indexes, r.Config)
	}
	return cfg
}
