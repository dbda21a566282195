package dynamodb

import (
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// maxThroughput is the largest rate that the service takes for a number.
const maxThroughput = 1_000_000_000_000

// What a new on-demand table or index sustains at once (Developer Guide, "DynamoDB
// on-demand capacity mode").
const (
	onDemandRead  = 12000
	onDemandWrite = 4000
)

// initialOnDemand is how the service calls them in its complaints.
const initialOnDemand = "initial throughput for OnDemand. See: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html#on-demand-capacity-mode-initial"

// setInitialThroughput checks how a new table is to be billed and sets it.
func (d *descriptor) setInitialThroughput(in *ddb.CreateTableInput, now time.Time) error {
	d.OnDemand = in.BillingMode.V == ddb.BillingModePayPerRequest
	pt := in.ProvisionedThroughput
	switch {
	case d.OnDemand && pt != nil:
		return badParameter("Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST")
	case !d.OnDemand && pt == nil:
		return badParameter("ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED")
	}
	if err := checkBounds(pt); err != nil {
		return err
	}
	if d.OnDemand {
		d.OnDemandSince = now
	} else {
		d.Throughput = newThroughput(pt)
	}
	if err := checkLimits(in.OnDemandThroughput, d.OnDemand, "", 1); err != nil {
		return err
	}
	d.OnDemandLimit = changedLimits(throughput{}, in.OnDemandThroughput)
	var err error
	d.Warm, err = initialWarm(in.WarmThroughput, d.OnDemand, d.Throughput, "table")
	return err
}

// checkBounds checks provisioned rates against what the service takes at all.
func checkBounds(pt *ddb.ProvisionedThroughput) error {
	if pt == nil {
		return nil
	}
	if pt.ReadCapacityUnits.V > maxThroughput {
		return api.Validation("Given value %d for ReadCapacityUnits is out of bounds", pt.ReadCapacityUnits.V)
	}
	if pt.WriteCapacityUnits.V > maxThroughput {
		return api.Validation("Given value %d for WriteCapacityUnits is out of bounds", pt.WriteCapacityUnits.V)
	}
	return nil
}

func newThroughput(pt *ddb.ProvisionedThroughput) throughput {
	return throughput{Read: pt.ReadCapacityUnits.V, Write: pt.WriteCapacityUnits.V}
}

// noLimit is the OnDemandThroughput that means none.
const noLimit = -1

// checkLimits checks the maximum rates of an on-demand table, or of the index
// that is named; lowest is 1, or noLimit where that takes a limit away.
func checkLimits(in *ddb.OnDemandThroughput, onDemand bool, index string, lowest int64) error {
	if in == nil {
		return nil
	}
	members := []struct {
		name  string
		value api.Opt[int64]
	}{{"MaxReadRequestUnits", in.MaxReadRequestUnits}, {"MaxWriteRequestUnits", in.MaxWriteRequestUnits}}
	for _, m := range members {
		switch {
		case !m.value.OK:
		case !onDemand:
			return errLimitProvisioned(m.name, index, lowest != noLimit)
		case (m.value.V < lowest || m.value.V == 0) && index == "":
			return badParameter("Requested %s for OnDemandThroughput for table is outside of valid range", m.name)
		case m.value.V < lowest || m.value.V == 0:
			return badParameter("Requested %s for OnDemandThroughput for index : %s is outside of valid range", m.name, index)
		}
	}
	return nil
}

// errLimitProvisioned refuses a maximum rate of a provisioned table, or of its
// index that is named, in the words for a new one or for a change.
func errLimitProvisioned(member, index string, isNew bool) error {
	of, when := "", "the table BillingMode is PROVISIONED"
	if isNew {
		when = "table BillingMode is PROVISIONED."
	}
	switch {
	case index != "" && isNew:
		of = " for index: " + index
	case index != "":
		of = " for index : " + index
	}
	return badParameter("%s for OnDemandThroughput%s cannot be specified when %s", member, of, when)
}

// changedLimits returns the maximum rates after a request; a member that is
// absent stays. 0 means none.
func changedLimits(now throughput, in *ddb.OnDemandThroughput) throughput {
	if in == nil {
		return now
	}
	now.Read = max(0, in.MaxReadRequestUnits.Or(now.Read))
	now.Write = max(0, in.MaxWriteRequestUnits.Or(now.Write))
	return now
}

// initialWarm returns the warm throughput of something new, what it has anyway
// or what a request asks for, if that is more.
func initialWarm(in *ddb.WarmThroughput, onDemand bool, pt throughput, what string) (throughput, error) {
	warm := throughput{Read: pt.Read, Write: pt.Write}
	read, write := "ReadCapacityUnits of ProvisionedThroughput", "WriteCapacityUnits of ProvisionedThroughput"
	if onDemand {
		warm = throughput{Read: onDemandRead, Write: onDemandWrite}
		read, write = initialOnDemand, initialOnDemand
	}
	if in == nil {
		return warm, nil
	}
	if in.ReadUnitsPerSecond.Or(warm.Read) < warm.Read {
		return warm, badParameter("Requested ReadUnitsPerSecond for WarmThroughput for %s is lower than %s", what, read)
	}
	if in.WriteUnitsPerSecond.Or(warm.Write) < warm.Write {
		return warm, badParameter("Requested WriteUnitsPerSecond for WarmThroughput for %s is lower than %s", what, write)
	}
	warm.Read = in.ReadUnitsPerSecond.Or(warm.Read)
	warm.Write = in.WriteUnitsPerSecond.Or(warm.Write)
	return warm, nil
}

// checkNewIndexThroughput checks the throughput of an index that a table is
// created with.
func (d *descriptor) checkNewIndexThroughput(in *ddb.GlobalSecondaryIndex) error {
	switch {
	case d.OnDemand && in.ProvisionedThroughput != nil:
		return badParameter("ProvisionedThroughput should not be specified for index: %s when BillingMode is PAY_PER_REQUEST", in.IndexName.V)
	case !d.OnDemand && in.ProvisionedThroughput == nil:
		return badParameter("ProvisionedThroughput is not specified for index: %s", in.IndexName.V)
	}
	return nil
}

// setIndexThroughput sets the throughput of a new index.
func (d *descriptor) setIndexThroughput(x *index, in *ddb.GlobalSecondaryIndex) error {
	if err := checkBounds(in.ProvisionedThroughput); err != nil {
		return err
	}
	if in.ProvisionedThroughput != nil {
		x.Throughput = newThroughput(in.ProvisionedThroughput)
	}
	if err := checkLimits(in.OnDemandThroughput, d.OnDemand, x.Name, 1); err != nil {
		return err
	}
	x.OnDemandLimit = changedLimits(throughput{}, in.OnDemandThroughput)
	var err error
	x.Warm, err = initialWarm(in.WarmThroughput, d.OnDemand, x.Throughput, "index "+x.Name)
	return err
}
