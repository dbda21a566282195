package console

import (
	"net/url"
	"strings"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// settingsData is all that can be changed of a table.
type settingsData struct {
	*described
	Form     url.Values // of a change that was refused
	TTL      ddb.TimeToLiveDescription
	TTLOn    bool
	Recovery ddb.PointInTimeRecoveryDescription
	Backups  []ddb.BackupSummary
	Tags     []ddb.Tag
}

// tableChanges are the changes that the page of settings offers, by the name in
// the path.
var tableChanges = map[string]func(*visit, *described) error{
	"billing":      (*visit).changeBilling,
	"stream":       (*visit).changeStream,
	"protection":   (*visit).changeProtection,
	"ttl":          (*visit).changeTTL,
	"index":        (*visit).addIndex,
	"index-delete": (*visit).deleteIndex,
	"tag":          (*visit).tagTable,
	"untag":        (*visit).untagTable,
	"insights":     (*visit).changeInsights,
	"recovery":     (*visit).changeRecovery,
	"backup":       (*visit).backUpTable,
	"restore":      (*visit).restoreTable,
}

func (v *visit) showTableSettings() error {
	t, err := v.table("settings")
	if err != nil {
		return err
	}
	return v.showSettingsOf(t)
}

func (v *visit) showSettingsOf(t *described) error {
	d := &settingsData{described: t, Form: v.r.PostForm}
	ttl, err := call[*ddb.DescribeTimeToLiveOutput](v, ddb.Target, "DescribeTimeToLive", &ddb.DescribeTimeToLiveInput{TableName: t.TableName})
	if err != nil {
		return err
	}
	if ttl.TimeToLiveDescription != nil {
		d.TTL = *ttl.TimeToLiveDescription
		d.TTLOn = strings.HasPrefix(d.TTL.TimeToLiveStatus.V, "ENABL")
	}
	recovery, err := call[*ddb.DescribeContinuousBackupsOutput](v, ddb.Target, "DescribeContinuousBackups", &ddb.DescribeContinuousBackupsInput{TableName: t.TableName})
	if err != nil {
		return err
	}
	if c := recovery.ContinuousBackupsDescription; c != nil && c.PointInTimeRecoveryDescription != nil {
		d.Recovery = *c.PointInTimeRecoveryDescription
	}
	backups, err := call[*ddb.ListBackupsOutput](v, ddb.Target, "ListBackups", &ddb.ListBackupsInput{TableName: t.TableName})
	if err != nil {
		return err
	}
	d.Backups = backups.BackupSummaries
	tags, err := call[*ddb.ListTagsOfResourceOutput](v, ddb.Target, "ListTagsOfResource", &ddb.ListTagsOfResourceInput{ResourceArn: t.TableArn})
	if err != nil {
		return err
	}
	d.Tags = tags.Tags
	return v.show("table_settings", "table.settings", d)
}

// changeTable does what the path says, and shows the settings again.
func (v *visit) changeTable() error {
	t, err := v.table("settings")
	if err != nil {
		return err
	}
	change := tableChanges[v.r.PathValue("change")]
	if change == nil {
		return refusal{status: 404, key: "error.form"}
	}
	if err := change(v, t); err != nil {
		if !v.refused(err) {
			return err
		}
		return v.showSettingsOf(t)
	}
	if v.r.PathValue("change") == "insights" {
		return v.done(t.Path+"/capacity", "table.changed")
	}
	return v.done(t.Path+"/settings", "table.changed")
}

func (v *visit) updateTable(t *described, in ddb.UpdateTableInput) error {
	in.TableName = t.TableName
	return run(v, ddb.Target, "UpdateTable", &in)
}

func (v *visit) changeBilling(t *described) error {
	throughput, err := throughputOf(v.r.PostForm)
	if err != nil {
		return err
	}
	in := ddb.UpdateTableInput{ProvisionedThroughput: throughput}
	if mode := v.r.PostForm.Get("billing"); mode != t.Billing {
		in.BillingMode = some(mode)
		for _, x := range t.GlobalSecondaryIndexes {
			if throughput != nil { // indexes need one too; they begin with that of the table
				in.GlobalSecondaryIndexUpdates = append(in.GlobalSecondaryIndexUpdates, ddb.GlobalSecondaryIndexUpdate{
					Update: &ddb.UpdateGlobalSecondaryIndexAction{IndexName: x.IndexName, ProvisionedThroughput: throughput},
				})
			}
		}
	}
	return v.updateTable(t, in)
}

func (v *visit) changeStream(t *described) error {
	stream := streamOf(v.r.PostForm.Get("stream"))
	if stream == nil {
		stream = &ddb.StreamSpecification{StreamEnabled: api.Some(false)}
	}
	return v.updateTable(t, ddb.UpdateTableInput{StreamSpecification: stream})
}

func (v *visit) changeProtection(t *described) error {
	return v.updateTable(t, ddb.UpdateTableInput{DeletionProtectionEnabled: api.Some(v.r.PostForm.Get("protected") != "")})
}

func (v *visit) changeTTL(t *described) error {
	return run(v, ddb.Target, "UpdateTimeToLive", &ddb.UpdateTimeToLiveInput{
		TableName: t.TableName,
		TimeToLiveSpecification: &ddb.TimeToLiveSpecification{
			Enabled: api.Some(v.r.PostForm.Get("on") != ""), AttributeName: some(v.r.PostForm.Get("attribute")),
		},
	})
}

func (v *visit) addIndex(t *described) error {
	form := v.r.PostForm
	d := newDefinitions(form)
	for _, known := range t.AttributeDefinitions {
		d.define(known.AttributeName.V, known.AttributeType.V)
	}
	add := &ddb.CreateGlobalSecondaryIndexAction{
		IndexName: some(form.Get("index")), KeySchema: d.schema("indexHash", "indexSort"),
		Projection: &ddb.Projection{ProjectionType: some(form.Get("projection"))},
	}
	if p := t.ProvisionedThroughput; t.Billing == "PROVISIONED" && p != nil {
		add.ProvisionedThroughput = &ddb.ProvisionedThroughput{ReadCapacityUnits: p.ReadCapacityUnits, WriteCapacityUnits: p.WriteCapacityUnits}
	}
	return v.updateTable(t, ddb.UpdateTableInput{
		AttributeDefinitions:        d.list,
		GlobalSecondaryIndexUpdates: []ddb.GlobalSecondaryIndexUpdate{{Create: add}},
	})
}

func (v *visit) deleteIndex(t *described) error {
	index := v.r.PostForm.Get("index")
	if !v.isNamed(index) {
		return api.Validation("%s", v.problem)
	}
	return v.updateTable(t, ddb.UpdateTableInput{
		GlobalSecondaryIndexUpdates: []ddb.GlobalSecondaryIndexUpdate{{Delete: &ddb.DeleteGlobalSecondaryIndexAction{IndexName: some(index)}}},
	})
}

func (v *visit) tagTable(t *described) error {
	form := v.r.PostForm
	return run(v, ddb.Target, "TagResource", &ddb.TagResourceInput{
		ResourceArn: t.TableArn, Tags: []ddb.Tag{{Key: some(form.Get("key")), Value: api.Some(form.Get("value"))}},
	})
}

func (v *visit) untagTable(t *described) error {
	return run(v, ddb.Target, "UntagResource", &ddb.UntagResourceInput{ResourceArn: t.TableArn, TagKeys: []string{v.r.PostForm.Get("key")}})
}

func (v *visit) changeRecovery(t *described) error {
	return run(v, ddb.Target, "UpdateContinuousBackups", &ddb.UpdateContinuousBackupsInput{
		TableName:                        t.TableName,
		PointInTimeRecoverySpecification: &ddb.PointInTimeRecoverySpecification{PointInTimeRecoveryEnabled: api.Some(v.r.PostForm.Get("on") != "")},
	})
}

// changeInsights switches contributor insights on or off, for the table and all its
// global indexes.
func (v *visit) changeInsights(t *described) error {
	action := "DISABLE"
	if v.r.PostForm.Get("on") != "" {
		action = "ENABLE"
	}
	for _, x := range t.Indexes {
		if x.Kind == "LSI" {
			continue
		}
		in := &ddb.UpdateContributorInsightsInput{TableName: t.TableName, IndexName: some(x.Name), ContributorInsightsAction: api.Some(action)}
		if err := run(v, ddb.Target, "UpdateContributorInsights", in); err != nil {
			return err
		}
	}
	return nil
}

func (v *visit) backUpTable(t *described) error {
	return run(v, ddb.Target, "CreateBackup", &ddb.CreateBackupInput{TableName: t.TableName, BackupName: some(v.r.PostForm.Get("name"))})
}

func (v *visit) restoreTable(*described) error {
	form := v.r.PostForm
	return run(v, ddb.Target, "RestoreTableFromBackup", &ddb.RestoreTableFromBackupInput{
		BackupArn: some(form.Get("backup")), TargetTableName: some(form.Get("name")),
	})
}

// deleteTable deletes a table whose name was typed.
func (v *visit) deleteTable() error {
	t, err := v.table("settings")
	if err != nil {
		return err
	}
	if !v.isNamed(t.TableName.V) {
		return v.showSettingsOf(t)
	}
	if err := run(v, ddb.Target, "DeleteTable", &ddb.DeleteTableInput{TableName: t.TableName}); err != nil {
		if !v.refused(err) {
			return err
		}
		return v.showSettingsOf(t)
	}
	return v.done(v.to("tables", ""), "table.deleted")
}
