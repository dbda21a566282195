package pipeline

import (
	"encoding/json"
	"time"

	"github.com/levee-io/levee/internal/kv"
)

// checkpoint is how far a shard has been handled.
type checkpoint struct {
	// Sequence is the number of the last record that was handled with all before it.
	Sequence string `json:"sequence,omitempty"`
	// Iterator is, before there is a Sequence, where to begin if that is not the
	// beginning of the shard, and At is when that was.
	Iterator string    `json:"iterator,omitempty"`
	At       time.Time `json:"at,omitzero"`
	// Done says that the shard is closed and was handled to its end.
	Done bool `json:"done,omitempty"`
	// Tumble is the tumbling window that is open.
	Tumble *tumble `json:"window,omitempty"`
}

// tumble is a tumbling window that has had records.
type tumble struct {
	Start time.Time       `json:"start"`
	State json.RawMessage `json:"state"`
	Early bool            `json:"early,omitempty"` // the state grew too large
}

// readCheckpoint returns the checkpoint of a shard, the zero one if there is none.
func (e *Engine) readCheckpoint(mapping, shard string) (c checkpoint, err error) {
	row, ok, err := e.store.Get(checkpointKey(mapping, shard), nil)
	if err == nil && ok {
		err = json.Unmarshal(row, &c)
	}
	return c, err
}

// writeCheckpoint stores a checkpoint. It does not wait for the disk: after a
// crash some records are handled again.
func (e *Engine) writeCheckpoint(mapping, shard string, c checkpoint) error {
	b := e.store.NewBatch()
	defer b.Discard()
	if err := c.stage(b, mapping, shard); err != nil {
		return err
	}
	_, err := e.store.Apply(b, kv.NoSync)
	return err
}

func (c checkpoint) stage(b kv.Batch, mapping, shard string) error {
	row, err := json.Marshal(c)
	if err == nil {
		b.Set(checkpointKey(mapping, shard), row)
	}
	return err
}
