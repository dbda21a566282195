package dynamodb

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/kv"
)

// ledger keeps the records of what was done with whole tables: one kind of them,
// such as backups, each a row of JSON, and all of them in memory too. A record is
// immutable: a change replaces it.
type ledger[T any] struct {
	kind byte
	sync.RWMutex
	records map[recordID]*T // guarded by the mutex
}

var errRecordKey = errors.New("the key is not that of a record")

// recordID names a record. Identifiers sort by time.
type recordID struct {
	ns api.Namespace
	id string
}

func (l *ledger[T]) key(id recordID) []byte {
	key := append(append([]byte{space, l.kind}, id.ns.Account...), 0)
	key = append(append(key, id.ns.Region...), 0)
	return append(key, id.id...)
}

// load reads the records of a store.
func (l *ledger[T]) load(store kv.Store, kind byte) error {
	l.kind, l.records = kind, map[recordID]*T{}
	prefix := []byte{space, kind}
	it := store.Scan(kv.PrefixRange(prefix))
	defer it.Close()
	for it.Next() {
		part := strings.SplitN(string(it.Key()[len(prefix):]), "\x00", 3)
		r := new(T)
		if err := json.Unmarshal(it.Value(), r); err != nil || len(part) != 3 {
			return fmt.Errorf("record %q: %w", it.Key(), cmp.Or(err, errRecordKey))
		}
		l.records[recordID{api.Namespace{Account: part[0], Region: part[1]}, part[2]}] = r
	}
	return it.Err()
}

// find returns a record, or nil.
func (l *ledger[T]) find(id recordID) *T {
	l.RLock()
	defer l.RUnlock()
	return l.records[id]
}

// all returns the records, and their names, in no order.
func (l *ledger[T]) all() map[recordID]*T {
	l.RLock()
	defer l.RUnlock()
	list := make(map[recordID]*T, len(l.records))
	for id, r := range l.records {
		list[id] = r
	}
	return list
}

// ids returns the identifiers of a namespace's records, in ascending order.
func (l *ledger[T]) ids(ns api.Namespace) []string {
	l.RLock()
	defer l.RUnlock()
	var list []string
	for id := range l.records {
		if id.ns == ns {
			list = append(list, id.id)
		}
	}
	slices.Sort(list)
	return list
}

// stage adds a record to a batch. Once that is applied, remember makes it seen.
func (l *ledger[T]) stage(b kv.Batch, id recordID, r *T) {
	value, err := json.Marshal(r)
	if err != nil {
		panic(err) // records are made of what JSON can say
	}
	b.Set(l.key(id), value)
}

func (l *ledger[T]) remember(id recordID, r *T) {
	l.Lock()
	defer l.Unlock()
	l.records[id] = r
}

func (l *ledger[T]) forget(id recordID) {
	l.Lock()
	defer l.Unlock()
	delete(l.records, id)
}

// save stores a record by itself. It is durable when save returns.
func (l *ledger[T]) save(store kv.Store, id recordID, r *T) error {
	b := store.NewBatch()
	defer b.Discard()
	l.stage(b, id, r)
	commit, err := store.Apply(b, kv.Sync)
	if err != nil {
		return err
	}
	l.remember(id, r)
	return commit.Wait()
}

// job is a record of something that a client token names.
type job interface {
	age() (token string, started, ended time.Time)
}

// sameToken returns the job that was asked for with the same token before, or nil.
func sameToken[T any, P interface {
	*T
	job
}](l *ledger[T], ns api.Namespace, token string, now time.Time) *T {
	for id, r := range l.all() {
		given, started, _ := P(r).age()
		if id.ns == ns && given == token && now.Before(started.Add(jobTokenLife)) {
			return r
		}
	}
	return nil
}

// forgetJobs deletes the records of jobs from long ago.
func forgetJobs[T any, P interface {
	*T
	job
}](l *ledger[T], store kv.Store, now time.Time) error {
	b := store.NewBatch()
	defer b.Discard()
	var old []recordID
	for id, r := range l.all() {
		if _, _, ended := P(r).age(); !ended.IsZero() && now.After(ended.Add(jobLife)) {
			b.Delete(l.key(id))
			old = append(old, id)
		}
	}
	if len(old) == 0 {
		return nil
	}
	if _, err := store.Apply(b, kv.NoSync); err != nil {
		return err
	}
	for _, id := range old {
		l.forget(id)
	}
	return nil
}
