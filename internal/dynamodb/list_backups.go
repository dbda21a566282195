package dynamodb

import (
	"context"
	"slices"
	"strings"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// maxListBackups is the number of backups in one page.
const maxListBackups = 100

// ListBackups returns the backups of the caller, the oldest first.
func (e *Engine) ListBackups(_ context.Context, c *api.Caller, in *ddb.ListBackupsInput) (*ddb.ListBackupsOutput, error) {
	table := ""
	if in.TableName.OK {
		var err error
		if table, err = tableName(c, in.TableName.V); err != nil {
			return nil, err
		}
	}
	if err := checkTimeRange(in); err != nil {
		return nil, err
	}
	if named, ok := api.ParseARN(in.ExclusiveStartBackupArn.V); ok && named.Region != c.Region {
		return nil, errInvalidRequest("The supplied ExclusiveStartBackupArn does not match the region")
	}
	if err := e.settled(); err != nil {
		return nil, err
	}
	_, after, _ := strings.Cut(in.ExclusiveStartBackupArn.V, "/backup/")
	limit := int(in.Limit.Or(maxListBackups))
	out := &ddb.ListBackupsOutput{BackupSummaries: []ddb.BackupSummary{}}
	for _, id := range idsAfter(e.backups.ids(c.Namespace), after) {
		k := e.backups.find(recordID{c.Namespace, id})
		if k == nil || table != "" && k.Table.Name != table || !k.listed(in) {
			continue
		}
		if len(out.BackupSummaries) == limit {
			out.LastEvaluatedBackupArn = out.BackupSummaries[limit-1].BackupArn
			break
		}
		out.BackupSummaries = append(out.BackupSummaries, k.summary())
	}
	return out, nil
}

func checkTimeRange(in *ddb.ListBackupsInput) error {
	from, to := in.TimeRangeLowerBound, in.TimeRangeUpperBound
	if from.OK && to.OK && to.V.Before(from.V) {
		return badParameter("Time range lower bound must be less than or equal to upper bound")
	}
	return nil
}

// idsAfter returns the identifiers of an ascending list that come after one.
func idsAfter(ids []string, after string) []string {
	i, found := slices.BinarySearch(ids, after)
	if found {
		i++
	}
	return ids[i:]
}

// listed reports whether a backup is of the type and the time that a request asks
// for. Only backups of users are listed unless it names another type.
func (k *backup) listed(in *ddb.ListBackupsInput) bool {
	kind := in.BackupType.Or(ddb.BackupTypeFilterUser)
	switch {
	case kind != ddb.BackupTypeFilterAll && kind != k.Type:
		return false
	case in.TimeRangeLowerBound.OK && k.Created.Before(in.TimeRangeLowerBound.V):
		return false
	}
	return !in.TimeRangeUpperBound.OK || k.Created.Before(in.TimeRangeUpperBound.V)
}

func (k *backup) summary() ddb.BackupSummary {
	d := k.details()
	return ddb.BackupSummary{
		TableName:              api.Some(k.Table.Name),
		TableId:                api.Some(k.Table.UUID),
		TableArn:               api.Some(k.Table.arn()),
		BackupArn:              d.BackupArn,
		BackupName:             d.BackupName,
		BackupCreationDateTime: d.BackupCreationDateTime,
		BackupExpiryDateTime:   d.BackupExpiryDateTime,
		BackupStatus:           d.BackupStatus,
		BackupType:             d.BackupType,
		BackupSizeBytes:        d.BackupSizeBytes,
	}
}
