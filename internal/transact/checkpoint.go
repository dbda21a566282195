package transact

import (
	"encoding/binary"
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/leveeapi"
	"github.com/levee-io/levee/internal/kv"
)

// latchCount is the number of latches of checkpoints. Two checkpoints that share
// one merely wait for each other.
const latchCount = 64

// checkpoint is a move of one row.
type checkpoint struct {
	key      []byte
	from, to api.Opt[string]
}

// checkpoints are the moves of one transaction.
type checkpoints struct {
	engine *Engine
	moves  []checkpoint
	print  []byte
	locked []int // latches, ascending
}

// add adds a move. A transaction moves a checkpoint once.
func (p *checkpoints) add(c *api.Caller, in *leveeapi.Checkpoint) error {
	key := append(checkpointPrefix(c.Namespace, in.Consumer.V, in.StreamArn.V), in.ShardId.V...)
	for i := range p.moves {
		if string(p.moves[i].key) == string(key) {
			return api.Validation("Transaction request cannot include multiple operations on one checkpoint")
		}
	}
	p.moves = append(p.moves, checkpoint{key, in.PreviousSequenceNumber, in.SequenceNumber})
	for _, text := range []string{string(key), in.PreviousSequenceNumber.V, in.SequenceNumber.V} {
		p.print = append(binary.AppendUvarint(p.print, uint64(len(text))), text...)
	}
	return nil
}

// lock takes the latches of the checkpoints, each once, in ascending order.
func (p *checkpoints) lock() {
	var list []int
	for i := range p.moves {
		list = append(list, int(xxhash.Sum64(p.moves[i].key)%latchCount))
	}
	slices.Sort(list)
	for _, i := range slices.Compact(list) {
		p.engine.latches[i].Lock()
		p.locked = append(p.locked, i)
	}
}

func (p *checkpoints) unlock() {
	for _, i := range p.locked {
		p.engine.latches[i].Unlock()
	}
}

// decide adds the moves to the batch. It returns nil, or nil errors for those that
// can be made and what is wrong with the others.
func (p *checkpoints) decide(b kv.Batch) (failed []error, err error) {
	for i, m := range p.moves {
		value, ok, err := p.engine.store.Get(m.key, nil)
		if err != nil {
			return nil, err
		}
		if ok != m.from.OK || string(value) != m.from.V {
			if failed == nil {
				failed = make([]error, len(p.moves))
			}
			failed[i] = errMoved(string(value), ok)
			continue
		}
		if m.to.OK {
			b.Set(m.key, []byte(m.to.V))
		} else {
			b.Delete(m.key)
		}
	}
	return failed, nil
}

func errMoved(at string, ok bool) error {
	if !ok {
		return api.Errorf(leveeapi.CodeCheckpointMoved, "There is no checkpoint.")
	}
	return api.Errorf(leveeapi.CodeCheckpointMoved, "The checkpoint is at %s.", at)
}
