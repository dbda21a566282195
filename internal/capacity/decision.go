package capacity

// Class is what units are spent on.
type Class uint8

// The classes.
const (
	Read Class = iota
	Write

	classes
)

func (c Class) String() string { return [classes]string{"Read", "Write"}[c] }

// Rates are units a second, by class: Rates{Read: 5, Write: 5}.
type Rates [classes]float64

// Limit is what was short when something was not admitted.
type Limit uint8

// The limits, as the service tells them apart in a ThrottlingReason.
const (
	NoLimit               Limit = iota
	ProvisionedThroughput       // what is provisioned
	AccountLimit                // the quota of a table
	KeyRange                    // a partition, or what an on-demand resource sustains so far
	MaxOnDemand                 // the configured maximum of an on-demand resource

	limits
)

func (l Limit) String() string {
	return [limits]string{"", "ProvisionedThroughputExceeded", "AccountLimitExceeded", "KeyRangeThroughputExceeded", "MaxOnDemandThroughputExceeded"}[l]
}

// Itself is the table, among what a demand can be on; its indexes follow from 1 in the
// order of TableConfig.Indexes.
const Itself = 0

// Demand is something that asks to be admitted.
type Demand struct {
	Key   uint64 // a place in the key space of the table or index
	Index int    // Itself, or the number of an index
	Class Class
	Units float64
}

// Decision is whether demands were admitted, and if not, which and why.
type Decision struct {
	Allowed bool
	Limit   Limit
	Class   Class
	Index   int
	// Demand is the number of the one that was refused.
	Demand int
}

// Reason returns the ThrottlingReason of a refusal, such as
// TableWriteKeyRangeThroughputExceeded.
func (d Decision) Reason() string {
	if d.Allowed {
		return ""
	}
	what := "Table"
	if d.Index != Itself {
		what = "Index"
	}
	return what + d.Class.String() + d.Limit.String()
}
