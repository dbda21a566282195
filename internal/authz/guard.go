package authz

import (
	"context"
	"strings"
	"sync"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/sqsapi"
	"github.com/levee-io/levee/internal/iam"
)

// Identity is whom an access key belongs to.
type Identity struct {
	// User is the name of the user; "" stands for the account itself.
	User string
	// Policies are what the user may do. nil: what the account may.
	Policies []*iam.Policy
}

// Options configure a Guard.
type Options struct {
	// Identities are the owners of the access keys, by key id. A key that is not
	// among them is its account's.
	Identities map[string]Identity
	// ResourcePolicy returns the policy document of a table, stream or queue, ""
	// if it has none.
	ResourcePolicy func(arn string) string
	// PartitionKey returns the names of the attributes of the partition key of a
	// table or index, nil if there is no such thing. Without it no condition on them
	// allows anything.
	PartitionKey func(arn string) []string
	// Tags returns the tags of a table, index, stream or queue. Without it none has
	// any.
	Tags func(arn string) map[string]string
	// ReplicaRegions returns the regions of the other replicas of a table. Without it
	// nothing is demanded there of requests that do not name the regions.
	ReplicaRegions func(arn string) []string
}

// Guard decides who may do what. It is safe for concurrent use.
type Guard struct {
	opts Options

	mu     sync.Mutex
	parsed map[string]*iam.Policy // by text; guarded by mu
}

// maxParsed is how many parsed policies are kept. With documents of at most 20
// KB, they take a few megabytes.
const maxParsed = 256

// New returns a guard.
func New(opts Options) *Guard {
	if opts.PartitionKey == nil {
		opts.PartitionKey = func(string) []string { return nil }
	}
	if opts.Tags == nil {
		opts.Tags = func(string) map[string]string { return nil }
	}
	if opts.ReplicaRegions == nil {
		opts.ReplicaRegions = func(string) []string { return nil }
	}
	return &Guard{opts: opts, parsed: map[string]*iam.Policy{}}
}

// Wrap returns the operation table with the guard before each handler.
func (g *Guard) Wrap(table []api.Operation) []api.Operation {
	return api.Wrap(table, func(op *api.Operation, handle api.Handler) api.Handler {
		return func(ctx context.Context, c *api.Caller, in api.Input) (api.Output, error) {
			c, err := g.admit(op, c, in)
			if err != nil {
				return nil, err
			}
			return handle(ctx, c, in)
		}
	})
}

// admit decides a request and returns the caller for whom the operation runs.
func (g *Guard) admit(op *api.Operation, c *api.Caller, in api.Input) (*api.Caller, error) {
	d := demands{caller: c, operation: op, replicaRegions: g.opts.ReplicaRegions}
	d.collect(in)
	who := g.opts.Identities[c.AccessKey]
	principal := iam.Root(c.Account)
	if who.User != "" {
		principal = iam.User(c.Account, who.User)
	}
	owner := c.Account
	for i := range d.list {
		demand := &d.list[i]
		q := question{demand: demand, caller: c, operation: op, in: in, partitionKey: g.opts.PartitionKey, tags: g.opts.Tags}
		r := iam.Request{
			Principal: principal, Action: demand.action, Resource: demand.resource, Owner: demand.owner(c.Account),
			Context: q.values,
		}
		if i > 0 && r.Owner != owner || r.Owner != c.Account && demand.ownOnly {
			return nil, refuse(op, &r, "because the resources of one request must be of one account")
		}
		owner = r.Owner
		if verdict := iam.Decide(who.Policies, g.policyOf(demand.resource), &r); !verdict.Allowed {
			return nil, refuse(op, &r, verdict.Why)
		}
		if q.unclear {
			return nil, refuse(op, &r, "because no identity-based policy allows the "+r.Action+" action")
		}
	}
	if owner == c.Account {
		return c, nil
	}
	there := *c
	there.Account = owner
	return &there, nil
}

// refuse is the service's error for a demand that no policy allows.
func refuse(op *api.Operation, r *iam.Request, why string) error {
	code := "AccessDeniedException"
	if op.Target == sqsapi.Target {
		code = "AccessDenied"
	}
	return api.Errorf(code, "User: %s is not authorized to perform: %s on resource: %s %s", r.Principal.ARN, r.Action, r.Resource, why)
}

// policyOf returns the parsed policy of a resource, nil if it has none. That of a
// table counts for its indexes.
func (g *Guard) policyOf(resource string) *iam.Policy {
	if g.opts.ResourcePolicy == nil || resource == "*" {
		return nil
	}
	table, _, _ := strings.Cut(resource, "/index/")
	text := g.opts.ResourcePolicy(table)
	if text == "" {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	p, ok := g.parsed[text]
	if !ok {
		// What cannot be read allows nothing; it was checked when it was stored.
		p, _ = iam.Parse(text, iam.ResourcePolicy)
		if len(g.parsed) >= maxParsed {
			clear(g.parsed)
		}
		g.parsed[text] = p
	}
	return p
}
