package main

import (
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// growthMain is the command bench growth: a table of 1 KB items that is loaded by
// BatchWriteItem in steps, and what reading it costs after each: whether anything grows
// with the table.
func growthMain(args []string) error {
	c := config{duration: 5 * time.Second}
	flags := flag.NewFlagSet("bench growth", flag.ExitOnError)
	flags.StringVar(&c.engine, "engine", "levee:disk", "what to measure, as in bench -engine; a levee")
	flags.StringVar(&c.binary, "binary", "", "the levee of -engine levee, instead of building one")
	sizes := flags.String("items", "1000000,10000000", "sizes of the table, ascending")
	flags.IntVar(&c.conns, "conns", 64, "connections")
	flags.DurationVar(&c.duration, "duration", c.duration, "length of each measurement of reads")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var steps []int
	for _, text := range strings.Split(*sizes, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 25 || len(steps) > 0 && n <= steps[len(steps)-1] {
			return fmt.Errorf("-items %s: want ascending numbers", *sizes)
		}
		steps = append(steps, n)
	}
	return withLevee(&c, func(p *process, admin string) error { return grow(&c, p, admin, steps, os.Stdout) })
}

// noise is what items are cut from, so that the store cannot make much less of them.
var noise = sync.OnceValue(func() string {
	text := make([]byte, 1<<20)
	for i := range text {
		text[i] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[rand.IntN(64)]
	}
	return string(text)
})

// filling fills an item up to 1 KB.
func filling() string {
	const size = 960
	at := rand.IntN(len(noise()) - size)
	return noise()[at : at+size]
}

// perPartition is the number of items of a partition key.
const perPartition = 100

// grown is the workloads on a table of that many items.
func grown(items int) []workload {
	key := func() string {
		n := rand.IntN(items)
		return fmt.Sprintf(`{"pk":{"S":"p%d"},"sk":{"N":"%d"}}`, n/perPartition, n)
	}
	return []workload{
		{name: "GetItem", step: one(func(k *worker) error {
			return k.do(ddb+"GetItem", `{"TableName":"grown","Key":`+key()+`}`)
		})},
		{name: "Query of 10", step: one(func(k *worker) error {
			return k.do(ddb+"Query", fmt.Sprintf(`{"TableName":"grown","KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"p%d"}},"Limit":10}`, rand.IntN(items/perPartition)))
		})},
		{name: "UpdateItem ADD", step: one(func(k *worker) error {
			return k.do(ddb+"UpdateItem", `{"TableName":"grown","Key":`+key()+`,"UpdateExpression":"ADD n :one","ExpressionAttributeValues":{":one":{"N":"1"}}}`)
		})},
	}
}

func grow(c *config, p *process, admin string, sizes []int, w io.Writer) error {
	cl := newClient(p)
	if err := createTable(cl, "grown", "sk"); err != nil {
		return err
	}
	fmt.Fprintf(w, "%s, items of 1 KB, %d a partition key, %d connections; read at random right after loading, and again when compaction has come to rest:\n\n", p.spec.text, perPartition, c.conns)
	fmt.Fprintln(w, "| items | what | per second | p50 ms | p99 ms | CPU us | resident MiB | disk MiB |")
	fmt.Fprintln(w, "| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |")
	from := 0
	for _, size := range sizes {
		if err := load(c, p, admin, cl, from, size, w); err != nil {
			return err
		}
		from = size
		if err := readGrown(c, p, admin, cl, size, "", w); err != nil {
			return err
		}
		if err := rest(admin); err != nil {
			return err
		}
		if err := readGrown(c, p, admin, cl, size, ", at rest", w); err != nil {
			return err
		}
		if err := scanGrown(p, cl, size, w); err != nil {
			return err
		}
		if err := restartGrown(p, size, w); err != nil {
			return err
		}
		cl.http.CloseIdleConnections() // of the server before
	}
	return nil
}

// restartGrown restarts the server a few times: how long it takes until it answers.
func restartGrown(p *process, size int, w io.Writer) error {
	var took []string
	for range 5 {
		if err := p.restart(); err != nil {
			return err
		}
		took = append(took, fmt.Sprintf("%.0f", float64(p.ready.Microseconds())/1000))
	}
	fmt.Fprintf(w, "| %d | ms from start to the first answer: %s | | | | | %.0f | |\n", size, strings.Join(took, ", "), p.resident())
	return nil
}

// load writes the items from one number to another, in their order by partitions that
// follow each other at random places of the table.
func load(c *config, p *process, admin string, cl *client, from, to int, w io.Writer) error {
	began, cpu := time.Now(), p.cpu()
	err := parallel(c.conns, (to-from+24)/25, func(batch int) error {
		first := from + batch*25
		return cl.do(ddb+"BatchWriteItem", fmt.Sprintf(`{"RequestItems":{"grown":[%s]}}`, list(min(25, to-first), func(i int) string {
			return fmt.Sprintf(`{"PutRequest":{"Item":{"pk":{"S":"p%d"},"sk":{"N":"%d"},"data":{"S":"%s"}}}}`, (first+i)/perPartition, first+i, filling())
		})))
	})
	if err != nil {
		return err
	}
	took := time.Since(began)
	now, err := figuresOf(admin)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "| %d | BatchWriteItem of 25, by the item | %.0f | | | %.1f | %.0f | %.0f |\n", to, float64(to-from)/took.Seconds(),
		float64((p.cpu()-cpu).Microseconds())/float64(to-from), p.resident(), now["levee_store_disk_bytes"]/(1<<20))
	return nil
}

func readGrown(c *config, p *process, admin string, cl *client, size int, when string, w io.Writer) error {
	for _, load := range grown(size) {
		r := closedLoop(c, p, cl, load)
		if r.Failure != "" {
			return fmt.Errorf("%s: %s", load.name, r.Failure)
		}
		now, err := figuresOf(admin)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "| %d | %s%s | %.0f | %.2f | %.2f | %.1f | %.0f | %.0f |\n", size, load.name, when, r.PerSecond, r.P50, r.P99, r.ServerCPU, r.Resident, now["levee_store_disk_bytes"]/(1<<20))
	}
	return nil
}

// rest waits until compactions have nothing more to do, a few minutes at most.
func rest(admin string) error {
	last := -1.0
	for range 120 {
		time.Sleep(2 * time.Second)
		now, err := figuresOf(admin)
		if err != nil {
			return err
		}
		n := now["levee_store_compactions_total"]
		if n == last {
			return nil
		}
		last = n
	}
	return nil
}

// scanGrown reads the table from end to end, by one reader and by two.
func scanGrown(p *process, cl *client, size int, w io.Writer) error {
	for _, readers := range []int{1, 2} {
		var seen atomic.Int64
		began, cpu := time.Now(), p.cpu()
		err := parallel(readers, readers, func(segment int) error {
			start := ""
			for {
				answer, err := cl.ask(ddb+"Scan", fmt.Sprintf(`{"TableName":"grown","Segment":%d,"TotalSegments":%d%s}`, segment, readers, start))
				if err != nil {
					return err
				}
				seen.Add(int64(strings.Count(answer, `"sk":`)))
				at := strings.LastIndex(answer, `"LastEvaluatedKey":`)
				if at < 0 {
					return nil
				}
				seen.Add(-1)
				key := answer[at+len(`"LastEvaluatedKey":`):]
				start = `,"ExclusiveStartKey":` + key[:strings.Index(key, "}}")+2]
			}
		})
		if err != nil {
			return err
		}
		if seen.Load() != int64(size) {
			return fmt.Errorf("a scan has %d items of %d", seen.Load(), size)
		}
		fmt.Fprintf(w, "| %d | Scan by %d, by the item | %.0f | | | %.1f | %.0f | |\n", size, readers, float64(size)/time.Since(began).Seconds(),
			float64((p.cpu()-cpu).Microseconds())/float64(size), p.resident())
	}
	return nil
}
