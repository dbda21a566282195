package dynamodb

import (
	"slices"
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// freeDecreases of provisioned throughput may be made on one UTC day; a further
// one needs an hour since the last (Developer Guide, "Service, account, and
// table quotas").
const (
	freeDecreases   = 4
	decreaseSpacing = time.Hour
)

// changeThroughput changes how the table is billed and what is provisioned.
func (u *tableUpdate) changeThroughput() error {
	onDemand := u.next.OnDemand
	if u.in.BillingMode.OK {
		onDemand = u.in.BillingMode.V == ddb.BillingModePayPerRequest
	}
	pt := u.in.ProvisionedThroughput
	if onDemand && pt != nil {
		return badParameter("Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST")
	}
	if onDemand != u.next.OnDemand {
		return u.switchBilling(onDemand)
	}
	if pt == nil {
		return nil
	}
	return u.next.Throughput.change(pt, "table", "the table", u.paced, &u.next.Warm)
}

// switchBilling changes the billing mode. The limits of on-demand throughput go.
func (u *tableUpdate) switchBilling(onDemand bool) error {
	d := u.next
	d.OnDemand, d.OnDemandLimit = onDemand, throughput{}
	for i := range d.Indexes {
		d.Indexes[i].OnDemandLimit = throughput{}
	}
	if onDemand {
		d.OnDemandSince = u.now
		d.Throughput.release(&d.Warm)
		for i := range d.Indexes {
			if x := &d.Indexes[i]; x.Global {
				x.Throughput.release(&x.Warm)
			}
		}
		return nil
	}
	for i := range d.Indexes {
		if x := &d.Indexes[i]; x.Global && u.indexThroughput(x.Name) == nil {
			return badParameter("ProvisionedThroughput must be specified for index: %s", x.Name)
		}
	}
	if len(d.VectorIndexes) > 0 {
		return badParameter("Vector indexes are supported only on tables whose BillingMode is PAY_PER_REQUEST")
	}
	d.Throughput.provision(u.in.ProvisionedThroughput, &d.Warm)
	for i := range d.Indexes {
		if x := &d.Indexes[i]; x.Global {
			x.Throughput.provision(u.indexThroughput(x.Name), &x.Warm)
		}
	}
	return nil
}

// indexThroughput returns the throughput that a request has for an index, or
// nil.
func (u *tableUpdate) indexThroughput(name string) *ddb.ProvisionedThroughput {
	for i := range u.in.GlobalSecondaryIndexUpdates {
		if up := u.in.GlobalSecondaryIndexUpdates[i].Update; up != nil && up.IndexName.V == name {
			return up.ProvisionedThroughput
		}
	}
	return nil
}

// limitsIndex reports whether a request has a limit for an index.
func (u *tableUpdate) limitsIndex(name string) bool {
	return slices.ContainsFunc(u.in.GlobalSecondaryIndexUpdates, func(up ddb.GlobalSecondaryIndexUpdate) bool {
		return up.Update != nil && up.Update.IndexName.V == name && up.Update.OnDemandThroughput != nil
	})
}

// release ends provisioning: what is warm is at least what on-demand gives.
func (p *throughput) release(warm *throughput) {
	p.Read, p.Write = 0, 0
	warm.raise(onDemandRead, onDemandWrite)
}

// provision sets rates where there were none.
func (p *throughput) provision(pt *ddb.ProvisionedThroughput, warm *throughput) {
	p.Read, p.Write = pt.ReadCapacityUnits.V, pt.WriteCapacityUnits.V
	warm.raise(p.Read, p.Write)
}

// raise lets warm throughput follow: it never falls.
func (p *throughput) raise(read, write int64) {
	p.Read, p.Write = max(p.Read, read), max(p.Write, write)
}

// change sets other rates. what and whose name the table or index in the texts.
func (p *throughput) change(pt *ddb.ProvisionedThroughput, what, whose string, now time.Time, warm *throughput) error {
	read, write := pt.ReadCapacityUnits.V, pt.WriteCapacityUnits.V
	if read == p.Read && write == p.Write {
		return api.Validation("The provisioned throughput for the %s will not change. The requested value equals the current value. Current ReadCapacityUnits provisioned for %s: %d. Requested ReadCapacityUnits: %d. Current WriteCapacityUnits provisioned for %s: %d. Requested WriteCapacityUnits: %d. Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.",
			what, whose, p.Read, read, whose, p.Write, write)
	}
	if read < p.Read || write < p.Write {
		if err := p.decrease(now); err != nil {
			return err
		}
	}
	if read > p.Read || write > p.Write {
		p.LastIncreased = now
	}
	p.provision(pt, warm)
	return nil
}

// decrease counts a decrease, if one is allowed.
func (p *throughput) decrease(now time.Time) error {
	const form = "Monday, January 2, 2006 at 3:04:05 PM Coordinated Universal Time"
	today, next := p.decreasesOn(now), p.LastDecreased.Add(decreaseSpacing)
	if today >= freeDecreases && now.Before(next) {
		return errLimit("Provisioned throughput decreases are limited within a given UTC day. After the first %d decreases, each subsequent decrease in the same UTC day can be performed at most once every %d seconds. Number of decreases today: %d. Last decrease at %s. Next decrease can be made at %s",
			freeDecreases, int(decreaseSpacing.Seconds()), today, p.LastDecreased.UTC().Format(form), next.UTC().Format(form))
	}
	p.Decreases, p.LastDecreased = today+1, now
	return nil
}

// errLimit refuses what exceeds a quota.
func errLimit(format string, args ...any) *api.Error {
	return api.Errorf(ddb.CodeLimitExceededException, "Subscriber limit exceeded: "+format, args...)
}

// changeLimits changes the maximum rates of an on-demand table.
func (u *tableUpdate) changeLimits() error {
	if err := checkLimits(u.in.OnDemandThroughput, u.next.OnDemand, "", noLimit); err != nil {
		return err
	}
	u.next.OnDemandLimit = changedLimits(u.next.OnDemandLimit, u.in.OnDemandThroughput)
	return nil
}

// changeWarm raises what the table sustains at once.
func (u *tableUpdate) changeWarm() error {
	return u.next.Warm.raiseTo(u.in.WarmThroughput, "table")
}

// raiseTo sets the warm throughput of what a request names; it cannot fall.
func (p *throughput) raiseTo(in *ddb.WarmThroughput, what string) error {
	const text = "Requested %s for WarmThroughput for %s is lower than current WarmThroughput, decreasing WarmThroughput is not supported"
	switch {
	case in == nil:
		return nil
	case in.ReadUnitsPerSecond.Or(p.Read) < p.Read:
		return badParameter(text, "ReadUnitsPerSecond", what)
	case in.WriteUnitsPerSecond.Or(p.Write) < p.Write:
		return badParameter(text, "WriteUnitsPerSecond", what)
	}
	p.Read, p.Write = in.ReadUnitsPerSecond.Or(p.Read), in.WriteUnitsPerSecond.Or(p.Write)
	return nil
}
