package dynamodb

import (
	"context"
	"encoding/json"
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/kv"
)

// ImportTable creates a table with the items in objects of a bucket. What cannot
// be an item is counted and left out.
func (e *Engine) ImportTable(_ context.Context, c *api.Caller, in *ddb.ImportTableInput) (*ddb.ImportTableOutput, error) {
	if err := checkImport(in); err != nil {
		return nil, err
	}
	now := time.Now()
	token := in.ClientToken.Or(newUUID())
	e.importing.Lock()
	defer e.importing.Unlock()
	if before := sameToken(&e.imports, c.Namespace, token, now); before != nil {
		same, err := sameImport(&before.Request, in)
		if err == nil && !same {
			err = api.Errorf(ddb.CodeImportConflictException, "Import conflict: Duplicate request detected with conflicting parameters")
		}
		if err != nil {
			return nil, err
		}
		d := before.describe()
		return &ddb.ImportTableOutput{ImportTableDescription: &d}, nil
	}
	m := &tableImport{ID: newRecordID(now), Request: *in, Token: token, Status: ddb.ImportStatusInProgress, Started: now}
	if err := e.beginImport(c, m); err != nil {
		return nil, err
	}
	d := m.describe()
	return &ddb.ImportTableOutput{ImportTableDescription: &d}, nil
}

// checkImport checks what the model does not say of a request.
func checkImport(in *ddb.ImportTableInput) error {
	switch {
	case in.InputFormat.V == ddb.InputFormatIon:
		return errUnsupported("InputFormat ION")
	case in.InputFormatOptions != nil && in.InputFormatOptions.Csv != nil && in.InputFormat.V != ddb.InputFormatCsv:
		return errInvalidRequest("Unsupported InputFormatOptions for the given input format: %s.", in.InputFormat.V)
	}
	return nil
}

// sameImport reports whether two requests with one token ask for the same. The
// service does not look at the prefix of the keys.
func sameImport(a, b *ddb.ImportTableInput) (bool, error) {
	x, err := json.Marshal(withoutPrefix(a))
	if err != nil {
		return false, err
	}
	y, err := json.Marshal(withoutPrefix(b))
	return string(x) == string(y), err
}

func withoutPrefix(in *ddb.ImportTableInput) ddb.ImportTableInput {
	out := *in
	source := *in.S3BucketSource
	source.S3KeyPrefix = api.Opt[string]{}
	out.S3BucketSource = &source
	return out
}

// beginImport creates the table of an import and starts to fill it.
func (e *Engine) beginImport(c *api.Caller, m *tableImport) error {
	p := m.Request.TableCreationParameters
	d, err := newDescriptor(c, &ddb.CreateTableInput{
		TableName: p.TableName, AttributeDefinitions: p.AttributeDefinitions, KeySchema: p.KeySchema,
		BillingMode: p.BillingMode, ProvisionedThroughput: p.ProvisionedThroughput, OnDemandThroughput: p.OnDemandThroughput,
		SSESpecification: p.SSESpecification, GlobalSecondaryIndexes: p.GlobalSecondaryIndexes, VectorIndexes: p.VectorIndexes,
	}, m.Started)
	if err != nil {
		return err
	}
	d.Filling, d.Changes = &filling{Import: m.ID}, []change{{Kind: changeCreate}}
	t, _, err := e.create(d, func(b kv.Batch) {
		m.Table = *d.clone()
		e.imports.stage(b, m.id(), m)
	})
	if err != nil {
		return err
	}
	e.imports.remember(m.id(), m)
	e.startImport(t, m)
	return nil
}
