package dynamodb

import (
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// The default quotas in capacity units of a table or an index, and of all that
// an account has provisioned in a region, for reads and for writes (Developer
// Guide, "Service, account, and table quotas").
const (
	tableQuota   = 40000
	accountQuota = 80000
)

const (
	// classChanges may be made in classWindow.
	classChanges = 2
	classWindow  = 30 * 24 * time.Hour

	// freeSSEChanges may be made in sseWindow, which begins with the first; a
	// further one needs sseSpacing since the last.
	freeSSEChanges = 4
	sseWindow      = 24 * time.Hour
	sseSpacing     = 6 * time.Hour
)

const msgHigherLimits = "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits."

// allowClass refuses a change of the table's class, even one to what it is, when
// there were too many, and forgets old ones.
func (d *descriptor) allowClass(now time.Time) error {
	for len(d.ClassChanges) > 0 && now.Sub(d.ClassChanges[0]) >= classWindow {
		d.ClassChanges = d.ClassChanges[1:]
	}
	if len(d.ClassChanges) >= classChanges {
		return errLimit("Updates to TableClass are limited to %d times in %d day(s).", classChanges, int(classWindow.Hours()/24))
	}
	return nil
}

// allowSSE is allowClass for the table's encryption.
func (d *descriptor) allowSSE(now time.Time) error {
	list := d.SSEChanges
	if len(list) == 0 || now.Sub(list[0]) >= sseWindow {
		d.SSEChanges = nil
		return nil
	}
	last := list[len(list)-1]
	next := last.Add(sseSpacing)
	if len(list) < freeSSEChanges || !now.Before(next) {
		return nil
	}
	const form = "2006-01-02T15:04:05.000Z"
	return errLimit("Encryption mode changes are limited in the %dh window ending at %s. After the first %d change, each subsequent change in the same window can be performed at most once every %d seconds. Number of updates today: %d. Last change at %s. Next changes can be made at %s.",
		int(sseWindow.Hours()), list[0].Add(sseWindow).UTC().Format(form), freeSSEChanges, int(sseSpacing.Seconds()), len(list), last.UTC().Format(form), next.UTC().Format(form))
}

// checkQuotas checks the rates of a table and its indexes against the quotas of
// one table.
func (d *descriptor) checkQuotas() error {
	if err := d.checkRates("", d.Throughput, d.OnDemandLimit, d.Warm); err != nil {
		return err
	}
	for i := range d.Indexes {
		if x := &d.Indexes[i]; x.Global {
			if err := d.checkRates(x.Name, x.Throughput, x.OnDemandLimit, x.Warm); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkRates checks the rates of the table, or of the index that is named.
func (d *descriptor) checkRates(index string, provisioned, onDemand, warm throughput) error {
	owner, whose, of, named := "table", "for table", "", "for table"
	if index != "" {
		owner, whose, of, named = "index", "for index : "+index, " for index "+index, "for index "+index
	}
	for _, r := range []struct {
		provisioned, onDemand, warm int64
		units, limit, second, quota string
	}{
		{provisioned.Read, onDemand.Read, warm.Read, "ReadCapacityUnits", "MaxReadRequestUnits", "ReadUnitsPerSecond", "TableMaxReadCapacityUnits"},
		{provisioned.Write, onDemand.Write, warm.Write, "WriteCapacityUnits", "MaxWriteRequestUnits", "WriteUnitsPerSecond", "TableMaxWriteCapacityUnits"},
	} {
		switch {
		case r.provisioned > tableQuota:
			return api.Errorf(ddb.CodeLimitExceededException, "The requested %s%s, %d, is above the per %s maximum for the account in %s. Per %[4]s maximum: %[6]d. %s",
				r.units, of, r.provisioned, owner, d.Region, tableQuota, msgHigherLimits)
		case r.onDemand > tableQuota:
			return errLimit("Requested %s for OnDemandThroughput %s exceeds %s of the account in region %s", r.limit, whose, r.quota, d.Region)
		case r.warm > tableQuota:
			return errLimit("Requested %s for WarmThroughput %s exceeds %s of the account in region %s", r.second, named, r.quota, d.Region)
		}
	}
	return nil
}

// provisioned returns what a table and its indexes have provisioned together.
func (d *descriptor) provisioned() (sum throughput) {
	sum.Read, sum.Write = d.Throughput.Read, d.Throughput.Write
	for i := range d.Indexes {
		sum.Read += d.Indexes[i].Throughput.Read
		sum.Write += d.Indexes[i].Throughput.Write
	}
	return sum
}

// admitCapacity checks the rates of a changed table against the quotas.
func (e *Engine) admitCapacity(next, before *descriptor) error {
	if err := next.checkQuotas(); err != nil {
		return err
	}
	e.catalog.RLock()
	defer e.catalog.RUnlock()
	return e.checkAccount(next, before)
}

// checkAccount refuses more provisioned throughput than an account may have.
// before is what the table was, nil for a new one. The catalog's lock must be
// held.
func (e *Engine) checkAccount(next, before *descriptor) error {
	wanted, had := next.provisioned(), throughput{}
	if before != nil {
		had = before.provisioned()
	}
	if wanted.Read <= had.Read && wanted.Write <= had.Write {
		return nil
	}
	var reserved throughput
	for id, t := range e.catalog.tables {
		if v := t.current.Load(); v != nil && id.ns == next.id().ns {
			sum := v.provisioned()
			reserved.Read, reserved.Write = reserved.Read+sum.Read, reserved.Write+sum.Write
		}
	}
	for _, r := range []struct {
		units                 string
		wanted, had, reserved int64
	}{
		{"ReadCapacityUnits", wanted.Read, had.Read, reserved.Read},
		{"WriteCapacityUnits", wanted.Write, had.Write, reserved.Write},
	} {
		if more := r.wanted - r.had; more > 0 && r.reserved+more > accountQuota {
			return api.Errorf(ddb.CodeLimitExceededException, "This request would have caused the %s limit to be exceeded for the account in %s. Current %[1]s reserved by the account: %[3]d. Limit: %d. Requested: %d. %s",
				r.units, next.Region, r.reserved, accountQuota, r.wanted, msgHigherLimits)
		}
	}
	return nil
}
