package capacity

import "time"

// Params are the figures of the model. Those that AWS does not publish are marked
// assumed. DG is the Amazon DynamoDB Developer Guide, SG the Amazon SQS Developer
// Guide, LG the AWS Lambda Developer Guide.
type Params struct {
	// Seed is what the little that is random comes from.
	Seed uint64

	// PartitionCap is what one partition gives a second (DG, "Best practices for
	// designing and using partition keys effectively").
	PartitionCap Rates
	// PartitionBytes is the size at which a partition splits (DG, "Partitions and
	// data distribution"; "close to 10 GB").
	PartitionBytes int64
	// Window is how long a rate without burst capacity is averaged over: of a
	// partition, of an on-demand table, of a maximum, of a quota and of a queue.
	// Assumed: one second, which the rates are given in.
	Window time.Duration

	// Burst is how much unused provisioned capacity is kept (DG, "Burst and adaptive
	// capacity": up to five minutes).
	Burst time.Duration
	// InitialBurst is how much of it something new has. Assumed: the second that
	// begins; nothing was left unused yet.
	InitialBurst time.Duration

	// HeatShare is the share of its cap at which a partition that also refuses is
	// hot, HeatMinutes how long it must be so before it is split. Assumed; published
	// is that it takes minutes (USENIX ATC'22, "Amazon DynamoDB").
	HeatShare   float64
	HeatMinutes int
	// SplitTakes is how long a split for heat takes then. Assumed.
	SplitTakes time.Duration

	// OnDemandStart is what a new on-demand table or index sustains, OnDemandFactor
	// how many times its previous peak (DG, "On-demand capacity mode").
	OnDemandStart  Rates
	OnDemandFactor float64
	// PeakDelay is how long traffic must have been before it is a previous peak.
	// Assumed: half of the 30 minutes over which the Guide advises to spread growth
	// beyond the factor, so that growth as advised is not throttled.
	PeakDelay time.Duration

	// UpdateTakes is how long a change of provisioned capacity takes, SwitchTakes one
	// of the mode, WarmTakes one of warm throughput. Assumed; published is "minutes".
	UpdateTakes, SwitchTakes, WarmTakes time.Duration
	// FreeDecreases may be made on a UTC day, and one more after each DecreaseSpacing
	// without (DG, "Service, account, and table quotas").
	FreeDecreases   int
	DecreaseSpacing time.Duration
	// Switches to on-demand may be made in SwitchWindow (DG, "Considerations when
	// switching capacity modes").
	Switches     int
	SwitchWindow time.Duration

	// TableQuota is what a table and its indexes may consume in on-demand mode, or
	// have provisioned; AccountQuota what all tables may have provisioned (DG,
	// "Service, account, and table quotas"). 0 means none.
	TableQuota, AccountQuota Rates

	// ScaleOutMinutes in a row above the target scale out, ScaleInMinutes in a row
	// more than ScaleInMargin points below it scale in (DG, "Managing throughput
	// capacity automatically"; re:Post, "How do I resolve issues with DynamoDB auto
	// scaling?").
	ScaleOutMinutes, ScaleInMinutes int
	ScaleInMargin                   float64
	// AlarmLag is how much later than its minute a metric is seen. Assumed.
	AlarmLag time.Duration
	// ScaleInIdle lets a resource without any traffic scale in. The service does not,
	// since a metric without data raises no alarm (DG, 2023, "Managing throughput
	// capacity automatically").
	ScaleInIdle bool

	// FIFORate is how many calls a second of each action a FIFO queue takes, or each
	// of its partitions in high-throughput mode; FIFOBatch how many messages a call
	// has at most (SG, "Amazon SQS message quotas").
	FIFORate  float64
	FIFOBatch int
	// FIFOPartitions is how many partitions a queue in high-throughput mode begins
	// with. Assumed. FIFOCeiling is the calls a second up to which more are added (SG:
	// by region, from 2,400 to 70,000).
	FIFOPartitions int
	FIFOCeiling    float64
	// InFlight is how many messages of a queue may be received and not yet deleted,
	// FIFOWindow how many from its head a FIFO queue looks for free groups in (SG,
	// "Amazon SQS message quotas", "FIFO queue ... message group ID").
	InFlight, FIFOWindow int

	// Pollers is how many concurrent batches of a queue a mapping begins with,
	// PollersGrowth how many more each minute, MaxPollers how many at most (LG, "Scaling
	// behavior for SQS event source mappings").
	Pollers, PollersGrowth, MaxPollers int
	// ProvisionedGrowth is the growth a minute of a mapping in provisioned mode, up to
	// its own maximum (LG, as above).
	ProvisionedGrowth int
	// Concurrency is how many executions an account may have at once, ConcurrencyGrowth
	// how many more a function may have every ConcurrencyStep (LG, "Lambda scaling
	// behavior").
	Concurrency, ConcurrencyGrowth int
	ConcurrencyStep                time.Duration
}

// Defaults returns the figures of the services.
func Defaults() Params {
	return Params{
		Seed:           1,
		PartitionCap:   Rates{Read: 3000, Write: 1000},
		PartitionBytes: 10 << 30,
		Window:         time.Second,

		Burst:        300 * time.Second,
		InitialBurst: time.Second,

		HeatShare:   0.9,
		HeatMinutes: 5,
		SplitTakes:  5 * time.Minute,

		OnDemandStart:  Rates{Read: 12000, Write: 4000},
		OnDemandFactor: 2,
		PeakDelay:      15 * time.Minute,

		UpdateTakes:     2 * time.Minute,
		SwitchTakes:     5 * time.Minute,
		WarmTakes:       5 * time.Minute,
		FreeDecreases:   4,
		DecreaseSpacing: time.Hour,
		Switches:        4,
		SwitchWindow:    24 * time.Hour,

		TableQuota:   Rates{Read: 40000, Write: 40000},
		AccountQuota: Rates{Read: 80000, Write: 80000},

		ScaleOutMinutes: 2,
		ScaleInMinutes:  15,
		ScaleInMargin:   20,
		AlarmLag:        time.Minute,

		FIFORate:       300,
		FIFOBatch:      10,
		FIFOPartitions: 1,
		FIFOCeiling:    70000,
		InFlight:       120_000,
		FIFOWindow:     120_000,

		Pollers:           5,
		PollersGrowth:     300,
		MaxPollers:        1250,
		ProvisionedGrowth: 1000,
		Concurrency:       1000,
		ConcurrencyGrowth: 1000,
		ConcurrencyStep:   10 * time.Second,
	}
}
