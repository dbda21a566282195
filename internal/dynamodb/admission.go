package dynamodb

import (
	"strings"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// A table on which a change is under way takes some other changes and refuses
// others; which, and in which words, depends on both (observed of the service:
// the documentation says only that there is a ResourceInUseException).

// admit refuses what cannot be changed now.
func (u *tableUpdate) admit() error {
	if err := u.before.checkSettled(); err != nil {
		return err
	}
	p := presentIn(u.in)
	creates, deletes := countIndexChanges(u.in.GlobalSecondaryIndexUpdates)
	newVectors, oldVectors := countVectorChanges(u.in.VectorIndexUpdates)
	for _, step := range []struct {
		wanted bool
		check  func() error
	}{
		{p.throughput || p.billing, u.before.admitThroughput},
		{creates+deletes+newVectors+oldVectors > 0, u.before.admitIndexes},
		{p.onDemand, func() error { return u.before.admitLimits(u.in) }},
		{p.stream, u.before.admitStream},
		{p.class, u.before.admitClass},
		{p.sse, u.before.admitEncryption},
	} {
		if !step.wanted {
			continue
		}
		if err := step.check(); err != nil {
			return err
		}
	}
	return nil
}

// checkSettled refuses a change of a table that is not there yet, or hardly any
// more.
func (d *descriptor) checkSettled() error {
	switch {
	case d.under(changeCreate) != nil:
		return errInUse("Table is being created: %s", d.Name)
	case d.under(changeDelete) != nil:
		return errInUse("Table is being deleted: %s", d.Name)
	case d.CounterOf != "":
		return errInUse("Table is a counter: %s", d.Name)
	}
	return nil
}

func (d *descriptor) admitThroughput() error {
	if d.under(changeThroughput, changeBilling) != nil {
		return errInUse("Table IOPS are currently being updated. Table: %s", d.Name)
	}
	if c := d.under(changeStream); c != nil {
		return errInUse("Can't change table IOPS when stream status is being updated. %s", d.aboutStream(c))
	}
	if c := d.under(changeClass); c != nil {
		return errInUse("Can't change table IOPS when a table class update is in progress. %s", d.aboutClass(c))
	}
	return d.admitBesideIndexes("Can't change table IOPS")
}

// admitBesideIndexes refuses what cannot be done while an index is being created,
// but not filled yet, or deleted.
func (d *descriptor) admitBesideIndexes(what string) error {
	if list := d.indexesUnder(changeCreateIndex); list != "" {
		return errInUse("%s when an index is being created. Table: %s Indexes: [%s]", what, d.Name, list)
	}
	if list := d.indexesUnder(changeDeleteIndex); list != "" {
		return errInUse("%s when an index is being deleted. Table: %s Indexes: [%s]", what, d.Name, list)
	}
	return nil
}

func (d *descriptor) admitIndexes() error {
	if d.under(changeThroughput, changeBilling) != nil {
		return errInUse("Can't create or delete indexes while table IOPS are being updated. Table: %s", d.Name)
	}
	if c := d.under(changeStream); c != nil {
		return errInUse("Can't create or delete an index when stream status is being updated. %s", d.aboutStream(c))
	}
	if c := d.under(changeClass); c != nil {
		return errInUse("Can't create or delete an index when a table class update is in progress. %s", d.aboutClass(c))
	}
	return nil
}

// admitLimits is about the maximum rates of an on-demand table. The rates
// themselves are looked at first.
func (d *descriptor) admitLimits(in *ddb.UpdateTableInput) error {
	if !in.BillingMode.OK {
		if err := checkLimits(in.OnDemandThroughput, d.OnDemand, "", noLimit); err != nil {
			return err
		}
	}
	const refused = "OnDemandThroughput cannot be updated while %s is in progress"
	switch list := d.indexesUnder(changeDeleteIndex); {
	case d.under(changeBilling) != nil:
		return errInUse(refused, "BillingMode update")
	case d.under(changeStream) != nil:
		return errInUse(refused, "stream status update")
	case d.under(changeClass) != nil:
		return errInUse(refused, "TableClass update")
	case list != "":
		return errInUse(refused+" for indexes: [%s]", "index deletion", list)
	}
	return nil
}

func (d *descriptor) admitStream() error {
	if c := d.under(changeStream); c != nil {
		return errInUse("A stream status change is currently in progress. %s", d.aboutStream(c))
	}
	if d.under(changeThroughput, changeBilling) != nil {
		return errInUse("Can't enable or disable stream while table IOPS are being updated. Table: %s", d.Name)
	}
	if c := d.under(changeClass); c != nil {
		return errInUse("Can't enable or disable stream when a table class update is in progress. %s", d.aboutClass(c))
	}
	return d.admitBesideIndexes("Can't change stream status")
}

func (d *descriptor) admitClass() error {
	if c := d.under(changeClass); c != nil {
		return errInUse("Can't update table class when a table class update is in progress. %s", d.aboutClass(c))
	}
	if c := d.under(changeStream); c != nil {
		return errInUse("Can't update table class when stream status is being updated. %s", d.aboutStream(c))
	}
	if d.under(changeThroughput, changeBilling) != nil {
		return errInUse("Can't update table class while table IOPS are being updated. Table: %s", d.Name)
	}
	return d.admitBesideIndexes("Can't update table class")
}

func (d *descriptor) admitEncryption() error {
	if d.under(changeEncryption) != nil {
		return errInUse("Server-Side Encryption is still being updated")
	}
	return nil
}

// admitIndex refuses an action on an index that another one is under way for.
func (d *descriptor) admitIndex(name string) error {
	c := d.underIndex(name)
	if c == nil {
		return nil
	}
	state := map[changeKind]string{
		changeCreateIndex: "Index is being created", changeUpdateIndex: "Index is being updated", changeDeleteIndex: "Index is being deleted",
	}[c.Kind]
	return errInUse("%s. Table: %s Index: %s", state, d.Name, name)
}

// admitIndexDeletion is admitIndex for a deletion, which an index that is being
// filled does not mind.
func (d *descriptor) admitIndexDeletion(name string) error {
	if c := d.underIndex(name); c != nil && c.Kind == changeCreateIndex {
		return errInUse("Index creation is in resource allocation phase. Retry deletion during backfilling phase or when the index is active. Table: %s Index: %s", d.Name, name)
	}
	return d.admitIndex(name)
}

// admitDelete reports what keeps a table from being deleted.
func (v *view) admitDelete() error {
	if err := v.checkSettled(); err != nil {
		return err
	}
	switch {
	case v.DeletionProtected:
		return api.Validation("Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.")
	case len(v.Counters) > 0:
		return errInUse("Table has counters: %s", v.Name)
	case v.backfilling() != nil || v.under(changeCreateIndex, changeUpdateIndex, changeDeleteIndex) != nil:
		return errInUse("Cannot delete table while indexes are being created, updated, or deleted.")
	case v.under(changeStream) != nil:
		return errInUse("Cannot delete table while stream is being enabled/disabled.")
	case v.under(changeThroughput, changeBilling, changeClass, changeEncryption, changeWarm) != nil:
		return errInUse("Table: %s is in the process of being updated.", v.Name)
	}
	return nil
}

// admitTTL is checkSettled for UpdateTimeToLive, which has other words for a new
// table.
func (d *descriptor) admitTTL() error {
	if d.under(changeCreate) != nil {
		return errInUse("Table %s is being created", d.Name)
	}
	return d.checkSettled()
}

// indexesUnder names the indexes that a change of a kind is under way for.
func (d *descriptor) indexesUnder(kind changeKind) string {
	var names []string
	for i := range d.Changes {
		if d.Changes[i].Kind == kind {
			names = append(names, d.Changes[i].Name)
		}
	}
	return strings.Join(names, ", ")
}

func (d *descriptor) aboutStream(c *change) string {
	operation := "DISABLE"
	if c.On {
		operation = "ENABLE"
	}
	return "Table: " + d.Name + " Stream: " + c.Name + " Operation: " + operation
}

func (d *descriptor) aboutClass(c *change) string {
	return "Table: " + d.Name + " TableClassUpdateInProgress: " + c.Name
}
