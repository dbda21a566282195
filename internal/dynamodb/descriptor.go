package dynamodb

import (
	"time"

	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/expr"
)

// descriptor is what the catalog keeps of a table. It is immutable once
// published: a change makes a copy. It is stored as JSON, so its field names
// are part of the on-disk format.
type descriptor struct {
	// ID numbers the table within the store; rows of a table begin with it, so
	// a table created again under the same name never sees old rows.
	ID      uint64    `json:"id"`
	Account string    `json:"account"`
	Region  string    `json:"region"`
	Name    string    `json:"name"`
	UUID    string    `json:"uuid"`
	Created time.Time `json:"created"`

	Attributes    []keyAttr     `json:"attributes"` // by name, as the service shows them
	Key           keySchema     `json:"key"`
	Indexes       []index       `json:"indexes,omitempty"`
	VectorIndexes []vectorIndex `json:"vectorIndexes,omitempty"`
	NextIndex     uint16        `json:"nextIndex"` // the number of the next index
	// Collections is true if each item collection has a row with its size: the table
	// has local indexes, and was made since there are such rows.
	Collections bool `json:"collections,omitempty"`

	OnDemand          bool             `json:"onDemand"`
	OnDemandSince     time.Time        `json:"onDemandSince,omitzero"`
	Throughput        throughput       `json:"throughput,omitzero"`
	OnDemandLimit     throughput       `json:"onDemandLimit,omitzero"` // -1 or 0: none
	Warm              throughput       `json:"warm,omitzero"`
	Class             string           `json:"class,omitempty"` // "" unless the request named one
	ClassChanged      time.Time        `json:"classChanged,omitzero"`
	ClassChanges      []time.Time      `json:"classChanges,omitempty"` // that count against the quota
	SSEChanges        []time.Time      `json:"sseChanges,omitempty"`   // likewise
	DeletionProtected bool             `json:"deletionProtected,omitempty"`
	SSE               *sse             `json:"sse,omitempty"`
	Stream            *streamSettings  `json:"stream,omitempty"`     // the stream that is enabled
	OldStreams        []streamSettings `json:"oldStreams,omitempty"` // disabled ones, readable until they are trimmed
	Tags              []tag            `json:"tags,omitempty"`
	Insights          []insightSetting `json:"insights,omitempty"` // where contributor insights have been turned on
	Changes           []change         `json:"changes,omitempty"`  // that are under way
	TTL               *timeToLive      `json:"ttl,omitempty"`      // nil until it is turned on first
	Recovery          *recovery        `json:"recovery,omitempty"` // point-in-time recovery; nil while it is off
	Origin            *origin          `json:"origin,omitempty"`   // of a restored table
	Filling           *filling         `json:"filling,omitempty"`  // nil unless the table is being restored or imported
	// Policies are those of the table, under "", and of its streams, under their
	// labels. The map is never changed.
	Policies map[string]resourcePolicy `json:"policies,omitempty"`

	// Of global tables; Replication is nil unless the table is a replica.
	Replication  *replication `json:"replication,omitempty"`
	SettingsMode string       `json:"settingsMode,omitempty"` // GlobalTableSettingsReplicationMode, if a request set it

	Counters  []counter `json:"counters,omitempty"`  // of the table's items
	CounterOf string    `json:"counterOf,omitempty"` // of the table of a counter: the table whose items it counts

	Destinations []destination `json:"destinations,omitempty"` // Kinesis data streams
}

// throughput is a pair of rates in capacity units a second.
type throughput struct {
	Read          int64     `json:"read"`
	Write         int64     `json:"write"`
	Decreases     int64     `json:"decreases,omitempty"`
	LastIncreased time.Time `json:"lastIncreased,omitzero"`
	LastDecreased time.Time `json:"lastDecreased,omitzero"`
}

type sse struct {
	Type string `json:"type"`
	Key  string `json:"key,omitempty"`
}

type tag struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// streamSettings is one stream of a table. A table that turns its stream off
// and on again gets a new one.
type streamSettings struct {
	ID       uint64    `json:"id"` // rows of the stream begin with it
	Label    string    `json:"label"`
	View     string    `json:"view"`
	Created  time.Time `json:"created"`
	Disabled time.Time `json:"disabled,omitzero"`
	Shards   []shard   `json:"shards"` // in the order of their opening; at least those that can be read
}

// keyAttr is an attribute that takes part in a key.
type keyAttr struct {
	Name string    `json:"name"`
	Kind attr.Kind `json:"kind"` // KindS, KindN or KindB
}

// keySchema is the key of a table or an index. A table, or a local index, has
// one hash attribute and at most one range attribute; a global index has up to
// maxIndexKeyParts of each.
type keySchema struct {
	Hash  []keyAttr `json:"hash"`
	Range []keyAttr `json:"range,omitempty"`

	// What attrs and bindable return, once a view has been made.
	both                []keyAttr
	partitions, sorting []expr.KeyAttr
}

// prepare makes what readers of the key need at once.
func (k *keySchema) prepare() {
	k.both = k.attrs()
	k.partitions, k.sorting = k.bindable()
}

// bindable returns the attributes of the key as a key condition wants them.
func (k *keySchema) bindable() (partition, sort []expr.KeyAttr) {
	if k.partitions != nil {
		return k.partitions, k.sorting
	}
	for _, a := range k.Hash {
		partition = append(partition, expr.KeyAttr(a))
	}
	for _, a := range k.Range {
		sort = append(sort, expr.KeyAttr(a))
	}
	return partition, sort
}

// has reports whether name is one of the key's attributes.
func (k *keySchema) has(name string) bool {
	for _, part := range [2][]keyAttr{k.Hash, k.Range} {
		for i := range part {
			if part[i].Name == name {
				return true
			}
		}
	}
	return false
}

// index is a secondary index.
type index struct {
	Number     uint16     `json:"number"` // within the table; rows carry it
	Name       string     `json:"name"`
	Global     bool       `json:"global,omitempty"`
	Key        keySchema  `json:"key"`
	Projection projection `json:"projection"`
	// Backfilling is true while a new global index is filled. Writes maintain it
	// already; queries are refused.
	Backfilling bool `json:"backfilling,omitempty"`

	Throughput    throughput `json:"throughput,omitzero"`
	OnDemandLimit throughput `json:"onDemandLimit,omitzero"`
	Warm          throughput `json:"warm,omitzero"`
}

// projection says which attributes an index holds, its own key and the
// table's aside.
type projection struct {
	Type  string   `json:"type"` // ALL, KEYS_ONLY or INCLUDE
	Names []string `json:"names,omitempty"`
}

// index returns the index of a name, or nil.
func (d *descriptor) index(name string) *index {
	for i := range d.Indexes {
		if d.Indexes[i].Name == name {
			return &d.Indexes[i]
		}
	}
	return nil
}

// hasLocal reports whether the table has a local secondary index, and thus item
// collections of bounded size.
func (d *descriptor) hasLocal() bool {
	for i := range d.Indexes {
		if !d.Indexes[i].Global {
			return true
		}
	}
	return false
}

// arn returns the table's Amazon Resource Name.
func (d *descriptor) arn() string {
	return "arn:aws:dynamodb:" + d.Region + ":" + d.Account + ":table/" + d.Name
}

// indexARN returns the Amazon Resource Name of an index.
func (d *descriptor) indexARN(name string) string { return d.arn() + "/index/" + name }

// streamARN returns the Amazon Resource Name of one of the table's streams.
func (d *descriptor) streamARN(s *streamSettings) string { return d.arn() + "/stream/" + s.Label }
