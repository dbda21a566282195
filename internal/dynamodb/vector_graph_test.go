package dynamodb

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/levee-io/levee/internal/kv/kvmem"
	"github.com/levee-io/levee/internal/vector"
)

// The shapes of the table of these tests: vectors of several clusters, which are
// harder than one cloud.
const (
	manyDims  = 8
	manyDocs  = 1000
	manyLeast = 300 // entries that are worth a graph
)

// many is a table with an index of all vectors and one by language and year, and
// what is in it.
type many struct {
	*harness
	rand *rand.Rand
	docs map[string][]float32
}

// newMany fills a table of an engine that makes graphs early.
func newMany(h *harness) *many {
	m := &many{h, rand.New(rand.NewPCG(9, 9)), map[string][]float32{}}
	h.graphs.least = manyLeast
	h.mustDo("CreateTable", strings.ReplaceAll(docsTable, `"Dimensions":2`, fmt.Sprint(`"Dimensions":`, manyDims)))
	for i := range manyDocs {
		m.putDoc(fmt.Sprintf("%04d", i), m.vector())
	}
	return m
}

func (m *many) vector() []float32 {
	v := make([]float32, manyDims)
	center := m.rand.IntN(4)
	for i := range v {
		v[i] = float32(m.rand.NormFloat64())
		if i%4 == center {
			v[i] += 3
		}
	}
	return v
}

// putDoc writes a document, half of them in German, each tenth of one year.
func (m *many) putDoc(id string, v []float32) {
	m.docs[id] = v
	m.put("docs", fmt.Sprintf(`{"id":{"S":%q},"v":{"L":[%s]},"lang":{"S":%q},"year":{"N":"%d"}}`, id, numbers(v), []string{"de", "en"}[id[len(id)-1]%2], m.year(id)))
}

func (m *many) year(id string) int { return int(id[len(id)-2]-'0') + 2000 }

func (m *many) deleteDoc(id string) {
	delete(m.docs, id)
	m.mustDo("DeleteItem", `{"TableName":"docs","Key":{"id":{"S":"`+id+`"}}}`)
}

func numbers(v []float32) string {
	list := make([]string, len(v))
	for i, f := range v {
		list[i] = fmt.Sprintf(`{"N":"%v"}`, f)
	}
	return strings.Join(list, ",")
}

// found searches and returns ids and scores, the nearest first.
func (m *many) found(index string, v []float32, k int, rest string) string {
	m.t.Helper()
	return m.results(fmt.Sprintf(`{"TableName":"docs","IndexName":%q,"SearchVector":[%s],"TopK":%d%s}`, index, numbers(v), k, rest))
}

// exact is what found should be, of the documents that match.
func (m *many) exact(d vector.Distance, v []float32, k int, matches func(id string) bool) string {
	nearest := vector.NewNearest(d, v, k)
	names := map[uint64]string{}
	for id, other := range m.docs {
		if matches == nil || matches(id) {
			number := uint64(len(names))
			names[number] = id
			nearest.Offer(number, other)
		}
	}
	var list []string
	for _, hit := range nearest.Hits() {
		list = append(list, fmt.Sprintf("%s %.3g", names[hit.ID], hit.Score))
	}
	return strings.Join(list, ", ")
}

// recall returns which part of the exact answers to some searches is found.
func (m *many) recall(index string, d vector.Distance, rest string, matches func(string) bool) float64 {
	m.t.Helper()
	found, all := 0, 0
	for range 40 {
		v := m.vector()
		got := m.found(index, v, 10, rest)
		for _, hit := range strings.Split(m.exact(d, v, 10, matches), ", ") {
			all++
			if strings.Contains(got, hit) {
				found++
			}
		}
		if n := strings.Count(got, ", "); n != 9 {
			m.t.Errorf("%d results", n+1)
		}
	}
	return float64(found) / float64(all)
}

// graphOf returns the graph that searches of an index in a partition use, or nil.
func (h *harness) graphOf(index string) *scopeGraph {
	for _, g := range h.graphs.all() {
		if g.x.Name == index && g.ready.Load() {
			return g
		}
	}
	return nil
}

// settle searches, so that there is a graph, and waits until it is current.
func (m *many) settle(index, rest string) {
	m.t.Helper()
	m.found(index, m.vector(), 1, rest)
	synctest.Wait()
	if g := m.graphOf(index); g == nil || len(g.changes.of) > 0 {
		m.t.Fatalf("index %s has no graph that is current", index)
	}
}

func TestGraphRecall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMany(newEngine(t))
		german := func(id string) bool { return id[len(id)-1]%2 == 0 }
		check := func(what, index string, d vector.Distance, rest string, matches func(string) bool) {
			t.Helper()
			recall := m.recall(index, d, rest, matches)
			t.Logf("%s: recall %.4f", what, recall)
			if recall < .98 {
				t.Errorf("%s: recall %.4f", what, recall)
			}
		}
		m.settle("near", "")
		m.settle("byLang", inGerman)
		check("all", "near", vector.Euclidean, "", nil)
		check("a partition", "byLang", vector.Cosine, inGerman, german)
		check("a year of it", "byLang", vector.Cosine, strings.ReplaceAll(inGerman1, `"1.0"`, `"2003"`), func(id string) bool { return german(id) && m.year(id) == 2003 })
		for i := range manyDocs / 2 {
			if id := fmt.Sprintf("%04d", 2*i); i%3 == 0 {
				m.deleteDoc(id)
			} else {
				m.putDoc(id, m.vector())
			}
		}
		check("all, while the graph is behind", "near", vector.Euclidean, "", nil)
		m.settle("near", "")
		m.settle("byLang", inGerman)
		check("all, after changes", "near", vector.Euclidean, "", nil)
		check("a partition, after changes", "byLang", vector.Cosine, inGerman, german)
	})
}

// What few entries match, or more than there are is asked for, is found exactly.
func TestGraphFallsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMany(newEngine(t))
		m.settle("byLang", inGerman)
		m.put("docs", fmt.Sprintf(`{"id":{"S":"x0"},"v":{"L":[%s]},"lang":{"S":"de"},"year":{"N":"1900"}}`, numbers(make([]float32, manyDims))))
		synctest.Wait()
		if got := m.found("byLang", m.vector(), 5, strings.ReplaceAll(inGerman1, `"1.0"`, `"1900"`)); got != "x0 1" {
			t.Errorf("found %q", got)
		}
		if got := m.found("byLang", m.vector(), 5, strings.ReplaceAll(inGerman1, `"1.0"`, `"1800"`)); got != "" {
			t.Errorf("found %q", got)
		}
	})
}

// Whatever else is written, a search finds what was written before it, where it is
// now, and nothing that is gone.
func TestGraphUnderWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMany(newEngine(t))
		m.settle("near", "")
		var all sync.WaitGroup
		for worker := range 4 {
			all.Go(func() {
				r := rand.New(rand.NewPCG(uint64(worker), 1))
				id := fmt.Sprintf("w%d", worker)
				far := func() []float32 {
					v := make([]float32, manyDims)
					for i := range v {
						v[i] = float32(r.NormFloat64()*2) + float32(20*(worker+1))
					}
					return v
				}
				before := far()
				for round := range 60 {
					here := far()
					m.put("docs", fmt.Sprintf(`{"id":{"S":%q},"v":{"L":[%s]}}`, id, numbers(here)))
					if got := m.found("near", here, 1, ""); got != id+" 0" {
						t.Errorf("%s, round %d: found %q", id, round, got)
					}
					if got := m.found("near", before, 1, ""); got == id+" 0" {
						t.Errorf("%s, round %d: found where it was", id, round)
					}
					if before = here; round%5 == 4 {
						m.mustDo("DeleteItem", `{"TableName":"docs","Key":{"id":{"S":"`+id+`"}}}`)
						if got := m.found("near", here, 1, ""); strings.HasPrefix(got, id) {
							t.Errorf("%s, round %d: found %q, which is deleted", id, round, got)
						}
					}
				}
			})
		}
		all.Wait()
	})
}

// A graph is made anew after a restart, and goes when it is of no more use.
func TestGraphComesAndGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := kvmem.New()
		defer store.Close()
		h := openEngine(t, store)
		m := newMany(h)
		m.settle("near", "")
		h.restart()
		defer h.Close()
		m.graphs.least = manyLeast
		if m.graphOf("near") != nil {
			t.Error("a graph before the first search")
		}
		if got, want := m.found("near", m.docs["0007"], 3, ""), m.exact(vector.Euclidean, m.docs["0007"], 3, nil); got != want {
			t.Errorf("found %q, want %q", got, want)
		}
		synctest.Wait()
		if m.graphOf("near") == nil {
			t.Error("no graph after a restart")
		}
		time.Sleep(graphLife + graphRest)
		synctest.Wait()
		if len(m.graphs.all()) != 0 {
			t.Error("an unused graph stays")
		}
		m.settle("near", "")
		m.graphs.least = 3 * manyDocs // which makes those that there are few
		m.deleteDoc("0007")
		synctest.Wait()
		if len(m.graphs.all()) != 0 {
			t.Error("the graph of a few entries stays")
		}
		m.graphs.least = manyLeast
		m.settle("near", "")
		m.mustDo("UpdateTable", `{"TableName":"docs","VectorIndexUpdates":[{"Delete":{"IndexName":"near"}}]}`)
		time.Sleep(graphRest)
		synctest.Wait()
		if len(m.graphs.all()) != 0 {
			t.Error("the graph of an index that was deleted stays")
		}
	})
}

func TestGraphMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMany(newEngine(t))
		m.graphs.memory = manyDocs * rowOverhead / 2
		m.found("near", m.vector(), 1, "")
		synctest.Wait()
		if len(m.graphs.all()) != 0 {
			t.Error("a graph for which there is no memory")
		}
		m.found("byLang", m.vector(), 1, inGerman)
		m.graphs.memory = manyDocs * rowOverhead * 3 / 2
		m.settle("byLang", inGerman)
		if m.found("near", m.vector(), 1, ""); len(m.graphs.all()) != 1 {
			t.Error("a graph in use makes room for another")
		}
		time.Sleep(graphRest)
		m.settle("near", "")
		if len(m.graphs.all()) != 1 {
			t.Error("a graph out of use makes no room")
		}
		m.graphs.memory = 1
		m.putDoc("more", m.vector())
		synctest.Wait()
		if len(m.graphs.all()) != 0 {
			t.Error("a graph that has outgrown the memory stays")
		}
	})
}
