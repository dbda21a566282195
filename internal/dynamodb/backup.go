package dynamodb

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// systemBackupLife is how long the backup is kept that is made of a table with
// point-in-time recovery when it is deleted (Developer Guide, "Point-in-time
// recovery for DynamoDB").
const systemBackupLife = 35 * 24 * time.Hour

// backup is what the store keeps of a backup beside its items. Those are item
// rows of a number of their own, as if they were a table's. It is stored as JSON.
type backup struct {
	Number  uint64    `json:"number"` // the item rows begin with it
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Type    string    `json:"type"`
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires,omitzero"`
	// At is the moment of the table that is copied, 0 once it is.
	At    moment     `json:"at,omitempty"`
	Total total      `json:"total"`
	Table descriptor `json:"table"` // as it was
}

func (k *backup) id() recordID { return recordID{k.Table.id().ns, k.ID} }

func (k *backup) arn() string { return k.Table.arn() + "/backup/" + k.ID }

// newRecordID returns an identifier as those of backups, exports and imports
// are: milliseconds and a random rest.
func newRecordID(now time.Time) string {
	var b [4]byte
	rand.Read(b[:]) // never fails: see crypto/rand
	return fmt.Sprintf("%014d-%s", now.UnixMilli(), hex.EncodeToString(b[:]))
}

// newBackup returns the record of a backup of a table that is yet to be made.
func newBackup(t *table, v *view, name, kind string, now time.Time) *backup {
	return &backup{
		ID: newRecordID(now), Name: name, Type: kind, Created: now,
		Total: t.total(), Table: *v.withoutCounters(),
	}
}

// total returns the present count of a table.
func (t *table) total() total {
	return total{max(0, t.stats.items.Load()), max(0, t.stats.bytes.Load())}
}

// systemBackup returns the record of the backup that remains of a table with
// point-in-time recovery: it takes over the table's rows.
func systemBackup(t *table, v *view, now time.Time) *backup {
	k := newBackup(t, v, v.Name+"$DeletedTableBackup", ddb.BackupTypeSystem, now)
	k.Number, k.Expires = v.ID, now.Add(systemBackupLife)
	return k
}

// findBackup returns the backup that an ARN names, for an operation of that name.
func (e *Engine) findBackup(c *api.Caller, action, arn string) (*backup, error) {
	_, id, ok := strings.Cut(arn, "/backup/")
	if !ok {
		return nil, api.Validation("Invalid Backup ARN")
	}
	if named, ok := api.ParseARN(arn); ok && named.Account != c.Account {
		return nil, api.Errorf("AccessDeniedException", "User: arn:aws:iam::%s:root is not authorized to perform: dynamodb:%s on resource: %s because no resource-based policy allows the dynamodb:%s action", c.Account, action, arn, action)
	}
	k := e.backups.find(recordID{c.Namespace, id})
	if k == nil || k.arn() != arn {
		return nil, errNoBackup(arn)
	}
	return k, nil
}

func errNoBackup(arn string) *api.Error {
	return api.Errorf(ddb.CodeBackupNotFoundException, "Backup not found: %s", arn)
}

func errBackupInUse(k *backup) *api.Error {
	return api.Errorf(ddb.CodeBackupInUseException, "Backup is in use: %s", k.arn())
}

// startBackup copies the items of a backup in the background.
func (e *Engine) startBackup(t *table, k *backup) {
	e.startWork("backup", k.arn(), func() error {
		sum, err := e.copyRows(t.id, k.Number, k.At, t.current.Load().slim())
		if err != nil {
			return err
		}
		done := *k
		done.Total, done.At = sum, 0
		if err := e.backups.save(e.store, k.id(), &done); err != nil {
			return err
		}
		return e.unpin(t, k.At)
	})
}

// expireBackups deletes the backups that are past their time and not being read.
func (e *Engine) expireBackups(now time.Time) error {
	for _, k := range e.backups.all() {
		if k.Expires.IsZero() || now.Before(k.Expires) {
			continue
		}
		if err := e.removeBackup(k); err != nil && !isCode(err, ddb.CodeBackupInUseException) {
			return err
		}
	}
	return nil
}

func (k *backup) status() string {
	if k.At != 0 {
		return ddb.BackupStatusCreating
	}
	return ddb.BackupStatusAvailable
}

func (k *backup) details() *ddb.BackupDetails {
	out := &ddb.BackupDetails{
		BackupArn:              api.Some(k.arn()),
		BackupName:             api.Some(k.Name),
		BackupSizeBytes:        api.Some(k.Total.Bytes),
		BackupStatus:           api.Some(k.status()),
		BackupType:             api.Some(k.Type),
		BackupCreationDateTime: api.Some(k.Created),
	}
	if !k.Expires.IsZero() {
		out.BackupExpiryDateTime = api.Some(k.Expires)
	}
	return out
}

// describe returns a backup together with the table that it is of.
func (k *backup) describe() *ddb.BackupDescription {
	d := &k.Table
	mode := ddb.BillingModeProvisioned
	if d.OnDemand {
		mode = ddb.BillingModePayPerRequest
	}
	return &ddb.BackupDescription{
		BackupDetails: k.details(),
		SourceTableDetails: &ddb.SourceTableDetails{
			TableName:             api.Some(d.Name),
			TableId:               api.Some(d.UUID),
			TableArn:              api.Some(d.arn()),
			TableSizeBytes:        api.Some(k.Total.Bytes),
			KeySchema:             d.Key.elements(),
			TableCreationDateTime: api.Some(d.Created),
			ProvisionedThroughput: d.Throughput.rates(),
			OnDemandThroughput:    d.OnDemandLimit.limits(),
			ItemCount:             api.Some(k.Total.Items),
			BillingMode:           api.Some(mode),
		},
		SourceTableFeatureDetails: k.features(),
	}
}

func (p throughput) rates() *ddb.ProvisionedThroughput {
	return &ddb.ProvisionedThroughput{ReadCapacityUnits: api.Some(p.Read), WriteCapacityUnits: api.Some(p.Write)}
}

func (k *backup) features() *ddb.SourceTableFeatureDetails {
	d := &k.Table
	out := &ddb.SourceTableFeatureDetails{SSEDescription: d.encryption()}
	for i := range d.Indexes {
		x := &d.Indexes[i]
		if !x.Global {
			out.LocalSecondaryIndexes = append(out.LocalSecondaryIndexes, ddb.LocalSecondaryIndexInfo{
				IndexName: api.Some(x.Name), KeySchema: x.Key.elements(), Projection: x.Projection.describe(),
			})
			continue
		}
		out.GlobalSecondaryIndexes = append(out.GlobalSecondaryIndexes, ddb.GlobalSecondaryIndexInfo{
			IndexName: api.Some(x.Name), KeySchema: x.Key.elements(), Projection: x.Projection.describe(),
			ProvisionedThroughput: x.Throughput.rates(), OnDemandThroughput: x.OnDemandLimit.limits(),
		})
	}
	for i := range d.VectorIndexes {
		out.VectorIndexes = append(out.VectorIndexes, ddb.VectorIndexInfo(d.VectorIndexes[i].request()))
	}
	if d.Stream != nil {
		out.StreamDescription = &ddb.StreamSpecification{StreamEnabled: api.Some(true), StreamViewType: api.Some(d.Stream.View)}
	}
	if d.TTL != nil && d.TTL.Attribute != "" {
		out.TimeToLiveDescription = &ddb.TimeToLiveDescription{
			TimeToLiveStatus: api.Some(ddb.TimeToLiveStatusEnabled), AttributeName: api.Some(d.TTL.Attribute),
		}
	}
	return out
}
