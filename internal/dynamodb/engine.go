package dynamodb

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/capacity"
	"github.com/levee-io/levee/internal/kv"
)

// Options configures an Engine. The zero value is ready for use.
type Options struct {
	// Logger receives what an operator should know; nil discards it.
	Logger *slog.Logger
	// TableDelay is how long creating, changing and deleting a table takes, and
	// turning its stream or time to live on or off. 0 means no time.
	TableDelay time.Duration
	// ShardLife is how long a shard of a stream is open before it rolls over into a
	// new one. 0 means four hours.
	ShardLife time.Duration
	// ShardRate is the number of records a second, over a minute, at which a shard
	// splits in two. 0 means 1000.
	ShardRate int
	// Buckets are where exports go and imports come from; nil: nowhere.
	Buckets Buckets
	// ReplicationDelay is how long a write to a global table waits before it is
	// sent to the other replicas, unless they are strongly consistent.
	ReplicationDelay time.Duration
	// EnforceCapacity holds every table to its capacity, as the service does, unless
	// its tag CapacityTag says otherwise.
	EnforceCapacity bool
	// Capacity are the figures by which tables are held to it; nil: those of the
	// service.
	Capacity *capacity.Params
	// ModelTime says what time it is for capacity, which may pass faster; nil means
	// time.Now.
	ModelTime func() time.Time
	// CollectionLimit is the size in bytes that an item collection of a table with
	// local indexes may have. 0 means 10 GB, as in the service.
	CollectionLimit int64
	// DataStreams are where the changes of tables with a Kinesis streaming destination
	// go. Without them destinations are kept and described, and nothing is delivered.
	DataStreams DataStreams
	// Scaling tells whether tables scale by themselves, which provisioned ones
	// must to have replicas. Without it that is not asked.
	Scaling Scaling
}

// Engine is the tables of one store. It is safe for concurrent use.
type Engine struct {
	store   kv.Store
	log     *slog.Logger
	latches latches
	// counting are the latches of the rows of counters, taken after those of items.
	counting   latches
	delay      time.Duration // Options.TableDelay
	ongoing    ongoing       // transactions
	contention contention    // writes of items of global tables with strong consistency
	tokens     tokenFilter

	shardLife time.Duration
	shardRate int

	replicationDelay time.Duration
	scaling          Scaling
	collectionLimit  int64

	enforce   bool             // Options.EnforceCapacity
	params    capacity.Params  // of every meter
	modelTime func() time.Time // of every meter

	builds builds // counters that are being built

	catalog struct {
		sync.RWMutex // guards the fields below; see the package comment for its place in the lock order
		tables       map[tableID]*table
		gone         map[tableID][]*descriptor // deleted tables whose streams can be read
		lastID       uint64                    // of tables and streams, as stored under counterKey
	}

	moments momentClock
	backups ledger[backup]
	exports ledger[export]
	imports ledger[tableImport]
	// importing lets one import begin at a time: two with a token are one. It is
	// taken before all other locks.
	importing   sync.Mutex
	buckets     Buckets       // nil: there are none
	dataStreams DataStreams   // nil: there are none
	work        chan struct{} // has an element for each that runs; see startWork
	graphs      graphs
	readers     struct {
		sync.Mutex                     // taken before that of the ledger
		of         map[uint64][]string // the tables that a backup's rows are read for, by its number
	}

	background background
}

// tableID names a table.
type tableID struct {
	ns   api.Namespace
	name string
}

// Open returns the engine of the tables in a store. The store stays the
// caller's to close, after the engine.
func Open(store kv.Store, opts Options) (*Engine, error) {
	e := &Engine{store: store, log: opts.Logger, delay: opts.TableDelay, replicationDelay: opts.ReplicationDelay, scaling: opts.Scaling,
		collectionLimit: cmp.Or(opts.CollectionLimit, defaultCollectionLimit),
		work:            make(chan struct{}, maxWork), buckets: opts.Buckets, dataStreams: opts.DataStreams, graphs: newGraphs(),
		shardLife: cmp.Or(opts.ShardLife, defaultShardLife), shardRate: cmp.Or(opts.ShardRate, defaultShardRate)}
	e.enforce, e.params = opts.EnforceCapacity, capacity.Defaults()
	if opts.Capacity != nil {
		e.params = *opts.Capacity
	}
	if e.modelTime = opts.ModelTime; e.modelTime == nil {
		e.modelTime = time.Now
	}
	e.readers.of = map[uint64][]string{}
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	e.catalog.tables, e.catalog.gone = map[tableID]*table{}, map[tableID][]*descriptor{}
	if err := e.load(); err != nil {
		return nil, fmt.Errorf("dynamodb: read the catalog: %w", err)
	}
	e.background.open()
	if err := e.startBackground(); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

// Close ends the background work of the engine. No operation may be running.
func (e *Engine) Close() error {
	e.background.stop()
	e.background.Wait()
	return nil
}

// load reads the catalog.
func (e *Engine) load() error {
	last, ok, err := e.store.Get(counterKey, nil)
	if err != nil {
		return err
	}
	if ok {
		e.catalog.lastID = binary.BigEndian.Uint64(last)
	}
	if err := errors.Join(e.tokens.open(e.store), e.backups.load(e.store, kindBackup), e.exports.load(e.store, kindExport), e.imports.load(e.store, kindImport)); err != nil {
		return err
	}
	it := e.store.Scan(kv.PrefixRange([]byte{space, kindTable}))
	defer it.Close()
	for it.Next() {
		d := new(descriptor)
		if err := json.Unmarshal(it.Value(), d); err != nil {
			return fmt.Errorf("descriptor %q: %w", it.Key(), err)
		}
		t, err := e.newTable(d)
		if err != nil {
			return err
		}
		e.catalog.tables[d.id()] = t
	}
	return errors.Join(it.Err(), e.loadGone())
}

func (d *descriptor) id() tableID {
	return tableID{api.Namespace{Account: d.Account, Region: d.Region}, d.Name}
}
