package main

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/valyala/fasthttp"
)

// pipeEvents is how many events a pipe is given before it is started, half of which
// pass its filter.
const pipeEvents = 20_000

// pipeWorkloads are pipes of Levee: what waits in a source is taken to the target,
// from the start of the pipe to the last event.
func pipeWorkloads() []workload {
	return []workload{queuePipe("pipe from queue to queue", 0), queuePipe("pipe from FIFO queue to FIFO queue", 1000), streamPipe()}
}

// pipe is a pipe between a source and a target.
type pipe struct {
	name       string
	parameters string // of source and target, as members of the request
	source     func(*client) (string, error)
	target     string
	fill       func(*client) error
	done       func(*client) (int, error) // events that have arrived
}

func (p *pipe) workload(name string, queue bool, setup func(*client) error) workload {
	arrived := 0
	return workload{name: name, queue: queue, setup: setup,
		prepare: func(c *client) (err error) {
			if err := p.remove(c); err != nil {
				return err
			}
			if arrived, err = p.done(c); err != nil {
				return err
			}
			return p.fill(c)
		},
		pass: func(_ *config, c *client) (result, error) {
			start := time.Now()
			if err := p.create(c); err != nil {
				return result{}, err
			}
			for {
				n, err := p.done(c)
				switch {
				case err != nil:
					return result{}, err
				case n-arrived >= pipeEvents/2:
					return result{Loop: "closed", Count: pipeEvents, PerSecond: pipeEvents / time.Since(start).Seconds()}, nil
				case time.Since(start) > 2*time.Minute:
					return result{}, fmt.Errorf("%d of %d events arrived within two minutes", n-arrived, pipeEvents/2)
				}
				time.Sleep(20 * time.Millisecond)
			}
		}}
}

func (p *pipe) create(c *client) error {
	source, err := p.source(c)
	if err != nil {
		return err
	}
	_, err = c.rest("POST", "/v1/pipes/"+p.name, "pipes",
		fmt.Sprintf(`{"RoleArn":"arn:aws:iam::000000000000:role/any","Source":%q,"Target":%q,%s}`, source, p.target, p.parameters))
	return err
}

// remove deletes the pipe of a run before, and waits until it is gone.
func (p *pipe) remove(c *client) error {
	for {
		_, err := c.rest("DELETE", "/v1/pipes/"+p.name, "pipes", "")
		switch {
		case err != nil && strings.Contains(err.Error(), "HTTP 404"):
			return nil
		case err != nil && !strings.Contains(err.Error(), "HTTP 409"):
			return err
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// rest sends a request of a REST protocol.
func (c *client) rest(method, path, scope, body string) (string, error) {
	req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(resp)
	req.SetRequestURI(c.url + path)
	req.Header.SetMethod(method)
	req.Header.SetContentType("application/json")
	req.Header.Set("Authorization", authorization(scope))
	req.Header.Set("X-Amz-Date", "20260101T000000Z")
	req.SetBodyString(body)
	if err := c.http.Do(req, resp); err != nil {
		return "", err
	}
	if resp.StatusCode() != fasthttp.StatusOK {
		return "", fmt.Errorf("%s %s: HTTP %d: %.300s", method, path, resp.StatusCode(), resp.Body())
	}
	return string(resp.Body()), nil
}

// arnOf is the ARN of a queue, which its URL names.
func (q *queue) arnOf() string {
	parts := strings.Split(q.url, "/")
	return "arn:aws:sqs:us-east-1:" + parts[len(parts)-2] + ":" + parts[len(parts)-1]
}

// size is how many messages a queue has.
func (q *queue) size(c *client) (int, error) {
	return number(c.ask(sqs+"GetQueueAttributes", `{"QueueUrl":"`+q.url+`","AttributeNames":["ApproximateNumberOfMessages"]}`))
}

var digits = regexp.MustCompile(`"(?:ApproximateNumberOfMessages|count)":(?:\{"N":)?"(\d+)"`)

func number(body string, err error) (int, error) {
	if err != nil {
		return 0, err
	}
	found := digits.FindStringSubmatch(body)
	if found == nil {
		return 0, nil
	}
	return strconv.Atoi(found[1])
}

func queuePipe(name string, groups int) workload {
	in, out := newQueue(name+" in", groups), newQueue(name+" out", groups)
	p := &pipe{name: strings.TrimSuffix(in.name, ".fifo")}
	group := ""
	if groups > 0 {
		group = `,"SqsQueueParameters":{"MessageGroupId":"$.attributes.MessageGroupId","MessageDeduplicationId":"$.messageId"}`
	}
	p.parameters = `"SourceParameters":{"FilterCriteria":{"Filters":[{"Pattern":"{\"body\":{\"kind\":[\"order\"],\"n\":[{\"numeric\":[\">=\",0]}]}}"}]}},` +
		`"TargetParameters":{"InputTemplate":"{\"kind\":\"shipped\",\"of\":<$.messageId>,\"what\":<$.body.what>}"` + group + `}`
	p.source = func(*client) (string, error) { return in.arnOf(), nil }
	p.done = out.size
	p.fill = func(c *client) error {
		return parallel(16, pipeEvents/10, func(i int) error {
			k := newWorker(c, 0)
			defer k.release()
			kind := "order"
			if i%2 == 1 {
				kind = "other"
			}
			return in.sendBody(k, 10, fmt.Sprintf(`{\"kind\":\"%s\",\"n\":%d,\"what\":\"%s\"}`, kind, i, payload))
		})
	}
	return p.workload(name, true, func(c *client) error {
		if err := errors.Join(in.create(c), out.create(c)); err != nil {
			return err
		}
		p.target = out.arnOf()
		return nil
	})
}

// streamPipe takes the changes of one table to another, which has a counter to tell
// how many have arrived.
func streamPipe() workload {
	const out, counter = "pipe-target", "pipe-arrived"
	round := 0 // each has a table of its own, as a pipe takes all that its stream has
	in := func() string { return fmt.Sprintf("pipe-source-%d", round) }
	p := &pipe{name: "pipe-stream"}
	p.parameters = `"SourceParameters":{"DynamoDBStreamParameters":{"StartingPosition":"TRIM_HORIZON","BatchSize":50},` +
		`"FilterCriteria":{"Filters":[{"Pattern":"{\"dynamodb\":{\"NewImage\":{\"kind\":{\"S\":[\"order\"]}}}}"}]}},` +
		`"TargetParameters":{"InputTemplate":"{\"Put\":{\"Item\":{\"id\":{\"S\":<$.dynamodb.Keys.id.S>},\"what\":{\"S\":<$.dynamodb.NewImage.what.S>}}}}"}`
	p.source = func(c *client) (string, error) {
		body, err := c.ask(ddb+"DescribeTable", `{"TableName":"`+in()+`"}`)
		return first(values([]byte(body), "LatestStreamArn", false)), err
	}
	p.done = func(c *client) (int, error) {
		n, err := number(c.ask(ddb+"GetItem", `{"TableName":"`+counter+`","Key":{"counter":{"S":"`+counter+`"}},"ConsistentRead":true}`))
		if err != nil && strings.Contains(err.Error(), "ResourceNotFound") { // it is not built yet
			return 0, nil
		}
		return n, err
	}
	create := func(c *client, name string) error {
		return c.do(ddb+"CreateTable", `{"TableName":"`+name+`","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],`+
			`"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],"StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"}}`)
	}
	p.fill = func(c *client) error {
		round++
		if err := create(c, in()); err != nil {
			return err
		}
		return parallel(16, pipeEvents/25, func(i int) error {
			return c.do(ddb+"BatchWriteItem", `{"RequestItems":{"`+in()+`":[`+list(25, func(j int) string {
				kind := "order"
				if (25*i+j)%2 == 1 {
					kind = "other"
				}
				return fmt.Sprintf(`{"PutRequest":{"Item":{"id":{"S":"%d-%d-%d"},"kind":{"S":"%s"},"what":{"S":"%s"}}}}`, round, i, j, kind, payload)
			})+`]}}`)
		})
	}
	return p.workload("pipe from stream to table", false, func(c *client) error {
		if err := create(c, out); err != nil {
			return err
		}
		body, err := c.ask(ddb+"DescribeTable", `{"TableName":"`+out+`"}`)
		p.target = first(values([]byte(body), "TableArn", false))
		return errors.Join(err, c.do("Levee.CreateCounter", `{"CounterName":"`+counter+`","TableName":"`+out+`"}`))
	})
}
